-- Write the engine's step, all or nothing.
-- ARGV: fence, version, state, events kept, then per incident to write: id, JSON,
-- ended, key, version ('': no event for the stream).
-- Returns 1, or 0 when fence or version is not the present one.
local base = KEYS[1]
local state = redis.call('GET', base .. ':state')
local version = state and tonumber(string.match(state, '^(%d+)|')) or 0
if tonumber(ARGV[1]) ~= tonumber(redis.call('GET', base .. ':fence') or 0)
  or tonumber(ARGV[2]) ~= version then
  return 0
end
redis.call('SET', base .. ':state', (version + 1) .. '|' .. ARGV[3])
for i = 5, #ARGV, 5 do
  redis.call('HSET', base .. ':incidents', ARGV[i], ARGV[i + 1])
  redis.call('ZADD', base .. ':ended', ARGV[i + 2], ARGV[i])
  if ARGV[i + 4] ~= '' then
    redis.call('XADD', base .. ':events', 'MAXLEN', '~', ARGV[4], '*',
      'incident', ARGV[i + 3], 'version', ARGV[i + 4])
  end
end
return 1
