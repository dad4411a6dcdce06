-- Return the subscriptions of a tenant in one shard. ARGV: its index set.
-- Returns per channel: its subscription as it is stored, its pause ('': none).
local found = {}
for _, channel in ipairs(redis.call('SMEMBERS', KEYS[1] .. ':index:' .. ARGV[1])) do
  found[#found + 1] = redis.call('HGET', KEYS[1] .. ':subscriptions', channel)
  found[#found + 1] = redis.call('HGET', KEYS[1] .. ':paused', channel) or ''
end
return found
