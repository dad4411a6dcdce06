-- Forget what a channel asked for and what it is stale about, but for reminders.
-- ARGV: channel; then, if a board is kept there, what ends it: key, class, version.
-- Returns whether it was there.
local channel = ARGV[1]
local old = redis.call('HGET', SUBSCRIPTIONS, channel)
if not old then
  return 0
end
for set in string.gmatch(string.match(old, '^%d+|([^|]*)|'), '[^,]+') do
  redis.call('SREM', base .. ':index:' .. set, channel)
end
redis.call('HDEL', SUBSCRIPTIONS, channel)
redis.call('HDEL', PAUSED, channel)
redis.call('ZREM', APPOINTMENTS, channel)
local key = entry_of(channel)
for _, field in ipairs(redis.call('HKEYS', key)) do
  if is_subject(field) and not reminder_of(channel, field) then
    redis.call('HDEL', key, field)
  end
end
if not best_score(fields_of(key)) then
  redis.call('ZREM', READY, channel)
  redis.call('ZREM', LATER, channel)
  redis.call('DEL', key)
end
if ARGV[2] then
  local board = redis.call('GET', thread_of(channel, ARGV[2]))
  enqueue(channel, board, ARGV[2], tonumber(ARGV[3]), ARGV[4], clock(), true)
end
return 1
