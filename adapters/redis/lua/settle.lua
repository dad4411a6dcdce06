-- Record what was done under claims, and end them. ARGV: per claim
--   channel, token, outcome, due, uncertain, failures, slot, pause, number of threads,
--   then per thread: incident, wanted (as claimed; '' to leave it), thread record, its life (ms)
-- outcome: hold (the lease starts again), done, later (not before `due`)
-- due: ms from now; with a leading '=' a moment in ms (a leading digit means: from now)
-- uncertain: '' as it was, '-' it has been looked at, else since when (ms; 'claim': since the claim)
-- failures: '' as it was, else a number; slot: '' none, else ms; pause: '' as it was, '-' ended,
-- else its record. Returns 1 per claim, or 0 where it is not held any more: nothing was written.
local now = clock()

local function set_or_drop(key, field, value)
  if value == '' or value == '-' or value == '0' then
    redis.call('HDEL', key, field)
  else
    redis.call('HSET', key, field, value)
  end
end

local function best_score(key)
  local entry, best = redis.call('HGETALL', key), nil
  for i = 1, #entry, 2 do
    if #entry[i] > 1 then
      local class, since = string.match(entry[i + 1], '^(%d+):(%d+):')
      local score = score_of(tonumber(class), tonumber(since))
      best = best and math.min(best, score) or score
    end
  end
  return best
end

local function finish(channel, outcome, due)
  local key = entry_of(channel)
  local best = best_score(key)
  redis.call('HDEL', key, '#', '$')
  if not best then
    redis.call('ZREM', LATER, channel)
    redis.call('DEL', key)
    return
  end
  redis.call('HSET', key, 's', whole(best))
  if outcome == 'later' then
    redis.call('ZADD', LATER, due, channel)
  else
    redis.call('ZREM', LATER, channel)
    redis.call('ZADD', READY, whole(best), channel)
  end
end

local function settle(at)
  local channel, token, outcome, due, uncertain = unpack(ARGV, at, at + 4)
  local failures, slot, pause = unpack(ARGV, at + 5, at + 7)
  local key = entry_of(channel)
  local claim = redis.call('HMGET', key, '#', '$', '?')
  if claim[1] ~= token then
    return 0
  end
  for i = at + 9, at + 8 + 4 * tonumber(ARGV[at + 8]), 4 do
    local incident, wanted, record, life = unpack(ARGV, i, i + 3)
    redis.call('SET', thread_of(channel, incident), record, 'PX', life)
    if wanted ~= '' and redis.call('HGET', key, incident) == wanted then
      redis.call('HDEL', key, incident)
    end
  end
  if uncertain == 'claim' then
    redis.call('HSET', key, '?', claim[3] or claim[2])
  elseif uncertain ~= '' then
    set_or_drop(key, '?', uncertain)
  end
  if failures ~= '' then
    set_or_drop(key, '!', failures)
  end
  set_or_drop(key, '@', slot)
  if pause == '-' then
    redis.call('HDEL', PAUSED, channel)
  elseif pause ~= '' then
    redis.call('HSET', PAUSED, channel, pause)
  end
  local moment = string.sub(due, 1, 1) == '=' and string.sub(due, 2) or whole(now + tonumber(due))
  if outcome == 'hold' then
    redis.call('ZADD', LATER, moment, channel)
  else
    finish(channel, outcome, moment)
  end
  return 1
end

local answer, at = {}, 1
while at <= #ARGV do
  answer[#answer + 1] = settle(at)
  at = at + 9 + 4 * tonumber(ARGV[at + 8])
end
return answer
