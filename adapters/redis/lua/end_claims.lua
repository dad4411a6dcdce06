-- End every claim of this shard: whoever held one is gone, and whoever claims next searches first.
for _, channel in ipairs(redis.call('ZRANGE', LATER, 0, -1)) do
  if redis.call('HEXISTS', entry_of(channel), 'token') == 1 then
    redis.call('ZADD', LATER, 0, channel)
  end
end
return 1
