-- One report of a channel. KEYS[1] the base of all evidence; ARGV: channel, surface "|" hashed
-- person, now (ms), window (ms), the channel's size or "", since when it is subscribed (ms) or "".
-- Returns 1 if it is new in the window.
local reporters = KEYS[1] .. ':reporters:' .. ARGV[1]
local now, window = tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', reporters, '-inf', now - window)
local new = redis.call('ZADD', reporters, now, ARGV[2])
redis.call('PEXPIRE', reporters, window)
local channels = KEYS[1] .. ':reporting'
redis.call('ZREMRANGEBYSCORE', channels, '-inf', now - window)
redis.call('ZADD', channels, now, ARGV[1])
redis.call('PEXPIRE', channels, window)
local about = KEYS[1] .. ':about:' .. ARGV[1]
for i, field in ipairs({'members', 'subscribed_at'}) do
  if ARGV[4 + i] ~= '' then
    redis.call('HSET', about, field, ARGV[4 + i])
  end
end
redis.call('PEXPIRE', about, window)
return new
