-- Claims one wish to be told. KEYS[1] the base of all evidence; ARGV: id, now (ms), lease (ms).
-- Returns nothing if it is gone or claimed; else the wish and when it was tried before (0: never).
-- The try is noted here, before anything is sent: who finds one noted must look before it sends.
local wish = redis.call('HGET', KEYS[1] .. ':wishes', ARGV[1])
if not wish then
  return false
end
local until_, tried = 0, 0
local claim = redis.call('HGET', KEYS[1] .. ':claims', ARGV[1])
if claim then
  local a, b = string.match(claim, '^(%d+)|(%d+)$')
  until_, tried = tonumber(a), tonumber(b)
end
local now = tonumber(ARGV[2])
if until_ > now then
  return false
end
local first = tried > 0 and tried or now
redis.call('HSET', KEYS[1] .. ':claims', ARGV[1],
  string.format('%.0f|%.0f', now + tonumber(ARGV[3]), first))
return {wish, tried}
