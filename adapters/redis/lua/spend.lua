-- One more of what is limited a day. KEYS[1] the base of all evidence; ARGV: day, limit.
-- Returns 1 and has counted it, or 0 if the limit is reached.
local key = KEYS[1] .. ':spent:' .. ARGV[1]
if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[2]) then
  return 0
end
redis.call('INCR', key)
redis.call('EXPIRE', key, 172800)
return 1
