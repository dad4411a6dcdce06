-- Write when to look at a channel again, unless that was changed meanwhile.
-- ARGV: channel, the moment that was found (ms), the next one (ms; '': none).
local found = redis.call('ZSCORE', APPOINTMENTS, ARGV[1])
if not found or tonumber(found) ~= tonumber(ARGV[2]) then
  return 0
end
if ARGV[3] == '' then
  redis.call('ZREM', APPOINTMENTS, ARGV[1])
else
  redis.call('ZADD', APPOINTMENTS, ARGV[3], ARGV[1])
end
return 1
