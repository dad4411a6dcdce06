-- Take or renew the watcher's lease. ARGV: holder, length in ms. Returns the fence, or false.
local base = KEYS[1]
local held = redis.call('GET', base .. ':lease')
if held and held ~= ARGV[1] then
  return false
end
local fence = tonumber(redis.call('GET', base .. ':fence') or 0)
if not held then
  -- From the clock, so that a number lost in a fail-over is not given to somebody else.
  local time = redis.call('TIME')
  fence = math.max(fence + 1, time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('SET', base .. ':fence', string.format('%.0f', fence))
end
redis.call('SET', base .. ':lease', ARGV[1], 'PX', ARGV[2])
return fence
