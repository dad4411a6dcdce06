-- Forget what a channel asked for and is behind with. ARGV: channel. Returns whether it was there.
local channel = ARGV[1]
local old = redis.call('HGET', SUBSCRIPTIONS, channel)
if not old then
  return 0
end
for set in string.gmatch(string.match(old, '^%d+|([^|]*)|'), '[^,]+') do
  redis.call('SREM', base .. ':index:' .. set, channel)
end
redis.call('HDEL', SUBSCRIPTIONS, channel)
redis.call('HDEL', PAUSED, channel)
redis.call('ZREM', READY, channel)
redis.call('ZREM', LATER, channel)
redis.call('DEL', entry_of(channel))
return 1
