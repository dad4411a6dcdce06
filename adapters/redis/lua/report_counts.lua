-- How many report what, everywhere. KEYS[1] the base of all evidence; ARGV: the ms after which a
-- report counts. Returns rows of channel, surface, people, first (ms), latest (ms), size or "".
local rows = {}
local since = '(' .. ARGV[1]
for _, channel in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1] .. ':reporting', since, '+inf')) do
  local reporters = redis.call('ZRANGEBYSCORE', KEYS[1] .. ':reporters:' .. channel, since, '+inf',
    'WITHSCORES')
  local size = redis.call('GET', KEYS[1] .. ':size:' .. channel) or ''
  local found, order = {}, {}
  for i = 1, #reporters, 2 do
    local surface = string.match(reporters[i], '^(.*)|[^|]*$')
    local row = found[surface]
    if not row then
      row = {channel, surface, 0, reporters[i + 1], reporters[i + 1], size}
      found[surface] = row
      order[#order + 1] = row
    end
    row[3], row[5] = row[3] + 1, reporters[i + 1]
  end
  for _, row in ipairs(order) do
    rows[#rows + 1] = row
  end
end
return rows
