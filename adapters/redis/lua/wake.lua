-- Something changed on the platform: try at once. ARGV: channel, or tenant and '*'.
local function wake(channel)
  local pause = redis.call('HGET', PAUSED, channel)
  if pause then
    redis.call('HSET', PAUSED, channel, '0|' .. string.match(pause, '^%d+|(.*)$'))
  end
  make_ready(channel)
end

if ARGV[2] ~= '*' then
  return wake(ARGV[1])
end
redis.call('HDEL', TENANTS, ARGV[1])
local start = ARGV[1] .. '/'
for _, channel in ipairs(redis.call('ZRANGE', LATER, 0, -1)) do
  if string.sub(channel, 1, #start) == start then
    wake(channel)
  end
end
