-- Let no script of the queue write to a shard any more; see reshard.py. KEYS[1]: its base.
local server = KEYS[1] .. ':server'
redis.call('SET', KEYS[1] .. ':sealed', 1)
-- Where the same Redis answers as at the last claim, nothing was lost until now (see claim.lua).
local id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if id and redis.call('HGET', server, 'run_id') == id then
  redis.call('HDEL', server, 'run_id')
end
