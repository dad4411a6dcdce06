-- How much waits in one shard. KEYS[1] its base. Returns how many channels are stale, and since
-- when (ms) the first of those that are ready waits (0: none is), and how many tenants are silenced. Scores as in queue.lua.
local ready, later = KEYS[1] .. ':ready', KEYS[1] .. ':later'
local oldest = 0
for class = 0, 9 do
  local low = class * 1e13
  local first = redis.call('ZRANGEBYSCORE', ready, string.format('%.0f', low),
    string.format('(%.0f', low + 1e13), 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] then
    local since = tonumber(first[2]) - low
    if oldest == 0 or since < oldest then
      oldest = since
    end
  end
end
return {redis.call('ZCARD', ready) + redis.call('ZCARD', later), string.format('%.0f', oldest),
  redis.call('HLEN', KEYS[1] .. ':tenants')}
