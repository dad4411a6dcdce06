-- Write what was read of other shards, which must be done before the seal is taken away.
-- KEYS[1]: the base. ARGV, for each page: the key's name, type, life left (ms; below 0: for ever),
-- number of elements, elements.
if redis.call('EXISTS', KEYS[1] .. ':sealed') == 0 then
  return redis.error_reply('SEALED nothing is moved to this shard any more')
end
local at = 1
while at <= #ARGV do
  local key, type, life = KEYS[1] .. ':' .. ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local first, last = at + 4, at + 3 + tonumber(ARGV[at + 3])
  local longest = math.max(life, redis.call('PTTL', key))
  for i = first, last, (type == 'hash' or type == 'zset') and 2 or 1 do
    if type == 'string' then
      redis.call('SET', key, ARGV[i])
    elseif type == 'hash' then
      redis.call('HSET', key, ARGV[i], ARGV[i + 1])
    elseif type == 'zset' then
      redis.call('ZADD', key, ARGV[i + 1], ARGV[i])
    else
      redis.call('SADD', key, ARGV[i])
    end
  end
  if life > 0 then
    redis.call('PEXPIRE', key, longest)
  end
  at = last + 1
end
