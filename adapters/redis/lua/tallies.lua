-- How many report what, everywhere. KEYS[1] the base of all evidence; ARGV: the ms after which a
-- voice counts. Returns rows of channel, surface, voices, first (ms), latest (ms), size or "".
local rows = {}
local since = '(' .. ARGV[1]
for _, channel in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1] .. ':reported', since, '+inf')) do
  local voices = redis.call('ZRANGEBYSCORE', KEYS[1] .. ':voices:' .. channel, since, '+inf',
    'WITHSCORES')
  local size = redis.call('GET', KEYS[1] .. ':size:' .. channel) or ''
  local found, order = {}, {}
  for i = 1, #voices, 2 do
    local surface = string.match(voices[i], '^(.*)|[^|]*$')
    local row = found[surface]
    if not row then
      row = {channel, surface, 0, voices[i + 1], voices[i + 1], size}
      found[surface] = row
      order[#order + 1] = row
    end
    row[3], row[5] = row[3] + 1, voices[i + 1]
  end
  for _, row in ipairs(order) do
    rows[#rows + 1] = row
  end
end
return rows
