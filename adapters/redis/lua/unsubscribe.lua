-- Forget what a channel asked for and what it is stale about, but for reminders. Where a board is
-- kept a claim goes on: the board that may be sent under it is recorded, or searched for once the
-- lease has ended, and so gets its end.
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
local entry = redis.call('HMGET', key, 'token', 'unconfirmed_since')
for _, field in ipairs(redis.call('HKEYS', key)) do
  if is_subject(field) and not reminder_of(channel, field) then
    redis.call('HDEL', key, field)
  end
end
local may_send_board = ARGV[2] and entry[1]
if not may_send_board and not best_score(fields_of(key)) then
  redis.call('ZREM', READY, channel)
  redis.call('ZREM', LATER, channel)
  redis.call('DEL', key)
  if ARGV[2] and entry[2] then
    redis.call('HSET', key, 'unconfirmed_since', entry[2])
  end
end
if ARGV[2] then
  local board = redis.call('GET', thread_of(channel, ARGV[2]))
  enqueue(channel, board, ARGV[2], tonumber(ARGV[3]), ARGV[4], clock(), true)
end
return 1
