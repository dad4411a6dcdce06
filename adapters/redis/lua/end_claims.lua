-- End the claims of processes that are gone: whoever claims next searches first.
-- ARGV: the beginning of their tokens ('': all of this shard).
local start = ARGV[1]
for _, channel in ipairs(redis.call('ZRANGE', LATER, 0, -1)) do
  local token = redis.call('HGET', entry_of(channel), 'token')
  if token and string.sub(token, 1, #start) == start then
    redis.call('ZADD', LATER, 0, channel)
  end
end
return 1
