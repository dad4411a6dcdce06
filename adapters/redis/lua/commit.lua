-- Write the engine's step, all or nothing.
-- ARGV: fence, version, moments, state ('': as it was), events kept, then per incident to write:
-- id, JSON, ended, key, version ('': no event for the stream).
-- Returns 1, or 0 when fence or version is not the present one.
local base = KEYS[1]
local version = tonumber(redis.call('HGET', base .. ':state', 'version') or 0)
if tonumber(ARGV[1]) ~= tonumber(redis.call('GET', base .. ':fence') or 0)
  or tonumber(ARGV[2]) ~= version then
  return 0
end
redis.call('HSET', base .. ':state', 'version', version + 1, 'moments', ARGV[3])
if ARGV[4] ~= '' then
  redis.call('HSET', base .. ':state', 'state', ARGV[4])
end
for i = 6, #ARGV, 5 do
  redis.call('HSET', base .. ':incidents', ARGV[i], ARGV[i + 1])
  redis.call('ZADD', base .. ':ended', ARGV[i + 2], ARGV[i])
  if ARGV[i + 4] ~= '' then
    redis.call('XADD', base .. ':events', 'MAXLEN', '~', ARGV[5], '*',
      'incident', ARGV[i + 3], 'version', ARGV[i + 4])
  end
end
return 1
