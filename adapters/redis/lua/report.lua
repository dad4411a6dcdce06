-- One report of a channel. KEYS[1] the base of all evidence; ARGV: channel, surface "|" hashed
-- person, now (ms), window (ms), the channel's size or "". Returns 1 if it is new in the window.
local reporters = KEYS[1] .. ':reporters:' .. ARGV[1]
local now, window = tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', reporters, '-inf', now - window)
local new = redis.call('ZADD', reporters, now, ARGV[2])
redis.call('PEXPIRE', reporters, window)
local channels = KEYS[1] .. ':reporting'
redis.call('ZREMRANGEBYSCORE', channels, '-inf', now - window)
redis.call('ZADD', channels, now, ARGV[1])
redis.call('PEXPIRE', channels, window)
if ARGV[5] ~= '' then
  redis.call('SET', KEYS[1] .. ':size:' .. ARGV[1], ARGV[5], 'PX', window)
end
return new
