-- Share the shards of a gateway among the replicas that are alive, in even parts. KEYS[1]: base.
-- ARGV: replica, length of its lease (ms), number of shards, '1' to have that number even while
-- others hold shards of another, then the shards that it gave up.
-- A free shard is taken; one too many is kept until it is given up: its session ends before.
-- Returns {number of shards, replicas, how many are its part, shard, ...}
local GATEWAY, REPLICAS = KEYS[1] .. ':gateway', KEYS[1] .. ':replicas'
local replica, lease, wanted = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', REPLICAS, '-inf', now)
redis.call('ZADD', REPLICAS, now + lease, replica)
local replicas = redis.call('ZCARD', REPLICAS)
local shards = tonumber(redis.call('HGET', GATEWAY, 'shards') or 0)
if shards ~= wanted and (shards == 0 or replicas == 1 or ARGV[4] == '1') then
  redis.call('DEL', GATEWAY)
  redis.call('HSET', GATEWAY, 'shards', wanted)
  shards = wanted
end
for i = 5, #ARGV do
  if redis.call('HGET', GATEWAY, ARGV[i]) == replica then
    redis.call('HDEL', GATEWAY, ARGV[i])
  end
end
local part = math.ceil(shards / replicas)
local held, free = {}, {}
for shard = 0, shards - 1 do
  local holder = redis.call('HGET', GATEWAY, shard)
  if holder == replica then
    held[#held + 1] = shard
  elseif not holder or not redis.call('ZSCORE', REPLICAS, holder) then
    free[#free + 1] = shard
  end
end
for _, shard in ipairs(free) do
  if #held < part then
    redis.call('HSET', GATEWAY, shard, replica)
    held[#held + 1] = shard
  end
end
return {shards, replicas, part, unpack(held)}
