-- Put another value in the place of one of a hash. KEYS[1]: the hash; ARGV: field, old, new.
-- Returns 1, or 0 where another one stands there by now.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
