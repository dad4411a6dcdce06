-- Note that something is about to be sent under a claim. ARGV: channel, token.
-- Returns 1, or 0 where the claim is not held any more.
local key = entry_of(ARGV[1])
if redis.call('HGET', key, 'token') ~= ARGV[2] then
  return 0
end
redis.call('HDEL', key, 'unsent')
return 1
