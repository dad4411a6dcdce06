-- Claim the channels that matter most, and hand over everything needed to serve them.
-- ARGV: how many, lease (ms), token, how long a silenced tenant's channels are set aside (ms),
-- '1' if it is noted (see sending.lua) before anything is sent under the claims.
-- Returns {now, lost since, changed at, ready left, next due, channel, subscription, pause,
-- entry, {subject, thread, reminder, …}, channel, …}; times in ms, 0 or '' where there is none.
local count, lease, token, aside = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local now = clock()

-- Another run id: another server answers, or this one was started anew, and the last writes may
-- be gone. What was sent since the last claim that survived may then stand unrecorded. No run id:
-- the first claim, or the first since the shard was moved here.
local function server()
  local id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
  local known = redis.call('HMGET', base .. ':server', 'run_id', 'seen_at', 'lost_since', 'changed_at')
  if known[1] == id then
    return known[3] or '0', known[4] or '0'
  end
  local lost, changed = known[3] or '0', known[4] or '0'
  if known[1] then
    lost, changed = known[2] or whole(now), whole(now)
    if known[3] and now - tonumber(known[4]) < 3600000 then
      lost = known[3] -- it changed not long ago: some may not have been looked at since
    end
  end
  redis.call('HSET', base .. ':server', 'run_id', id, 'seen_at', whole(now), 'lost_since', lost,
    'changed_at', changed)
  return lost, changed
end

local function promote()
  for _, channel in ipairs(redis.call('ZRANGEBYSCORE', LATER, '-inf', now, 'LIMIT', 0, count * 2)) do
    local key = entry_of(channel)
    local entry = redis.call('HMGET', key, 'score', 'token', 'claimed_at', 'unconfirmed_since',
      'deferred', 'unsent')
    if entry[2] then -- a claim that ended without settling
      if not entry[4] and not entry[6] then
        redis.call('HSET', key, 'unconfirmed_since', entry[3])
      end
      redis.call('HDEL', key, 'token', 'claimed_at', 'unsent')
    end
    if entry[5] then
      redis.call('HDEL', key, 'deferred')
    end
    redis.call('ZREM', LATER, channel)
    if entry[1] then
      redis.call('ZADD', READY, entry[1], channel)
    end
  end
end

-- Channels that leave `ready`, and those that stand in `later` from now on, each after its moment.
local leaving, waiting = {}, {}

local function set_aside(channel, due)
  leaving[#leaving + 1] = channel
  waiting[#waiting + 1] = whole(due)
  waiting[#waiting + 1] = channel
end

-- The subjects that there is still something to do about, each with its thread and its reminder;
-- those of a subscription or of a reminder that is gone are taken from the entry. A board outlives
-- its subscription until it was ended.
local function pending(channel, entry, subscription)
  local subjects = {}
  for i = 1, #entry, 2 do
    local subject = entry[i]
    if is_subject(subject) then
      local field = reminder_of(channel, subject)
      local reminder = field and redis.call('HGET', REMINDERS, field)
      if reminder or (subscription and not field) or subject == BOARD then
        subjects[#subjects + 1] = subject
        subjects[#subjects + 1] = redis.call('GET', thread_of(channel, subject)) or ''
        subjects[#subjects + 1] = reminder or ''
      else
        redis.call('HDEL', entry_of(channel), subject)
      end
    end
  end
  return subjects
end

local function hand_over(answer, channel, subscription, pause)
  local key = entry_of(channel)
  local entry = redis.call('HGETALL', key)
  local subjects = pending(channel, entry, subscription)
  if #subjects == 0 then
    leaving[#leaving + 1] = channel
    redis.call('DEL', key)
    return
  end
  set_aside(channel, now + lease)
  if ARGV[5] == '1' then
    redis.call('HSET', key, 'token', token, 'claimed_at', whole(now), 'unsent', 1)
  else
    redis.call('HSET', key, 'token', token, 'claimed_at', whole(now))
  end
  for _, part in ipairs({channel, subscription or '', pause or '', entry, subjects}) do
    answer[#answer + 1] = part
  end
end

local lost, changed = server()
promote()
local answer = {whole(now), lost, changed, 0, '0'}
local channels = redis.call('ZRANGE', READY, 0, count - 1)
if #channels > 0 then
  local subscriptions = redis.call('HMGET', SUBSCRIPTIONS, unpack(channels))
  local pauses = redis.call('HMGET', PAUSED, unpack(channels))
  local any_silenced = redis.call('EXISTS', TENANTS) == 1
  for i, channel in ipairs(channels) do
    local pause = pauses[i]
    local paused_until = pause and tonumber(string.match(pause, '^(%d+)|')) or 0
    if any_silenced and redis.call('HEXISTS', TENANTS, string.match(channel, '^[^/]*')) == 1 then
      set_aside(channel, now + aside)
    elseif paused_until > now then
      set_aside(channel, paused_until)
    else
      hand_over(answer, channel, subscriptions[i], pause)
    end
  end
  redis.call('ZREM', READY, unpack(leaving))
  if #waiting > 0 then
    redis.call('ZADD', LATER, unpack(waiting))
  end
end
if #answer > 5 then
  redis.call('HSET', base .. ':server', 'seen_at', whole(now))
end
answer[4] = redis.call('ZCARD', READY)
answer[5] = redis.call('ZRANGE', LATER, 0, 0, 'WITHSCORES')[2] or '0'
return answer
