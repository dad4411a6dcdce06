-- Read a page of one key of a shard. KEYS[1]: its base. ARGV: the key's name in it, cursor, about
-- how many elements. Returns {type, life left (ms), next cursor ('0': none), elements}.
local SCAN = {hash = 'HSCAN', set = 'SSCAN', zset = 'ZSCAN'}
local key = KEYS[1] .. ':' .. ARGV[1]
local type, left = redis.call('TYPE', key).ok, redis.call('PTTL', key)
if type == 'none' then -- it expired
  return {type, left, '0', {}}
elseif type == 'string' then
  return {type, left, '0', {redis.call('GET', key)}}
end
local page = redis.call(SCAN[type], key, ARGV[2], 'COUNT', ARGV[3])
return {type, left, page[1], page[2]}
