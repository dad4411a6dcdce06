-- How many report what, everywhere. KEYS[1] the base of all evidence; ARGV: the ms after which a
-- report counts. Returns rows of channel, surface, people, how many of them are counted in an
-- earlier row, first (ms), latest (ms), size or "", since when it is subscribed (ms) or "".
local since = '(' .. ARGV[1]
local channels = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1] .. ':reporting', since, '+inf')) do
  local about = redis.call('HMGET', KEYS[1] .. ':about:' .. name, 'members', 'subscribed_at')
  channels[#channels + 1] = {
    name = name,
    size = about[1] or '',
    subscribed_at = about[2] or '',
    age = tonumber(about[2] or '') or math.huge,
  }
end
-- A person counts where the channel is subscribed longest.
table.sort(channels, function(a, b)
  if a.age ~= b.age then
    return a.age < b.age
  end
  return a.name < b.name
end)
local rows, counted = {}, {}
for _, channel in ipairs(channels) do
  local reporters = redis.call('ZRANGEBYSCORE', KEYS[1] .. ':reporters:' .. channel.name, since,
    '+inf', 'WITHSCORES')
  local found, order = {}, {}
  for i = 1, #reporters, 2 do
    local surface = string.match(reporters[i], '^(.*)|[^|]*$')
    local row = found[surface]
    if not row then
      row = {channel.name, surface, 0, 0, reporters[i + 1], '', channel.size, channel.subscribed_at}
      found[surface] = row
      order[#order + 1] = row
    end
    row[3], row[6] = row[3] + 1, reporters[i + 1]
    if counted[reporters[i]] then
      row[4] = row[4] + 1
    end
    counted[reporters[i]] = true
  end
  for _, row in ipairs(order) do
    rows[#rows + 1] = row
  end
end
return rows
