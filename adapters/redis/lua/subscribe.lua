-- Write a subscription whole, keep the index true, queue the channel for what runs.
-- ARGV: channel, JSON, index sets (by commas), pause ('': none), life of followed sets (ms), '1' if
-- it has times of its own (they are looked at at once), then per incident: key, class, version.
local channel, json, sets, pause, life, scheduled = unpack(ARGV, 1, 6)
local now = clock()
local old = redis.call('HGET', SUBSCRIPTIONS, channel)
if old then
  for set in string.gmatch(string.match(old, '^%d+|([^|]*)|'), '[^,]+') do
    redis.call('SREM', base .. ':index:' .. set, channel)
  end
end
for set in string.gmatch(sets, '[^,]+') do
  redis.call('SADD', base .. ':index:' .. set, channel)
end
redis.call('HSET', SUBSCRIPTIONS, channel, whole(now) .. '|' .. sets .. '|' .. json)
if pause == '' then
  redis.call('HDEL', PAUSED, channel)
else
  redis.call('HSET', PAUSED, channel, pause)
end
if scheduled == '1' then
  redis.call('ZADD', APPOINTMENTS, whole(now), channel)
else
  redis.call('ZREM', APPOINTMENTS, channel)
end
for i = 7, #ARGV, 3 do
  local thread = redis.call('GET', thread_of(channel, ARGV[i]))
  if thread and ARGV[i] ~= BOARD and string.match(thread, '|(%d)|') == '1' then
    -- What was begun here gets its end, whatever the channel asks for from now on.
    local followed = base .. ':index:thread:' .. ARGV[i]
    redis.call('SADD', followed, channel)
    redis.call('PEXPIRE', followed, life)
  end
  enqueue(channel, thread, ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], now, true)
end
make_ready(channel)
return 1
