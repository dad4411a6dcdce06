-- Record what was done under claims, and end them. ARGV: per claim
--   channel, token, outcome, due, unconfirmed, failures, granted at, pause, number of subjects,
--   then per subject: its key, wanted (as claimed; '' to leave it), thread record ('': unchanged),
--   its life (ms), '1' to forget the reminder
-- outcome: hold (the lease starts again), done, later (not before `due`)
-- due: ms from now; with a leading '=' a moment in ms
-- unconfirmed: unchanged, cleared, since_claim
-- failures: '' as it was, else a number; granted at: '' not, else ms
-- pause: '' as it was, 'ended', else its record
-- Returns 1 per claim, or 0 where it is not held any more: nothing was written.
local now = clock()

-- End a claim under which something is left to do, or came meanwhile.
local function requeue(channel, outcome, due, best)
  local key = entry_of(channel)
  redis.call('HDEL', key, 'token', 'claimed_at', 'unsent')
  redis.call('HSET', key, 'score', whole(best))
  if outcome == 'later' then
    redis.call('ZADD', LATER, due, channel)
  else
    redis.call('ZREM', LATER, channel)
    redis.call('ZADD', READY, whole(best), channel)
  end
end

-- Keep in the entry how the claim went.
local function note(key, entry, unconfirmed, failures, granted_at)
  if unconfirmed == 'since_claim' then
    redis.call('HSET', key, 'unconfirmed_since', entry.unconfirmed_since or entry.claimed_at)
  elseif unconfirmed == 'cleared' then
    redis.call('HDEL', key, 'unconfirmed_since')
  end
  if failures == '0' then
    redis.call('HDEL', key, 'failures')
  elseif failures ~= '' then
    redis.call('HSET', key, 'failures', failures)
  end
  if granted_at == '' then
    redis.call('HDEL', key, 'granted_at')
  else
    redis.call('HSET', key, 'granted_at', granted_at)
  end
end

local function settle(at)
  local channel, token, outcome, due, unconfirmed = unpack(ARGV, at, at + 4)
  local failures, granted_at, pause = unpack(ARGV, at + 5, at + 7)
  local key = entry_of(channel)
  local entry = fields_of(key)
  if entry.token ~= token then
    return 0
  end
  local settled = {}
  for i = at + 9, at + 8 + 5 * tonumber(ARGV[at + 8]), 5 do
    local subject, wanted, record, life, forget = unpack(ARGV, i, i + 4)
    if record ~= '' then
      redis.call('SET', thread_of(channel, subject), record, 'PX', life)
    end
    if forget == '1' then
      redis.call('HDEL', REMINDERS, reminder_of(channel, subject))
    end
    if wanted ~= '' and entry[subject] == wanted then
      settled[#settled + 1] = subject
      entry[subject] = nil
    end
  end
  if pause == 'ended' then
    redis.call('HDEL', PAUSED, channel)
  elseif pause ~= '' then
    redis.call('HSET', PAUSED, channel, pause)
  end
  local best = best_score(entry)
  if outcome ~= 'hold' and not best then -- most end so, and nothing of the entry is worth noting
    redis.call('ZREM', LATER, channel)
    redis.call('DEL', key)
    return 1
  end
  if #settled > 0 then
    redis.call('HDEL', key, unpack(settled))
  end
  note(key, entry, unconfirmed, failures, granted_at)
  local moment = string.sub(due, 1, 1) == '=' and string.sub(due, 2) or whole(now + tonumber(due))
  if outcome == 'hold' then
    redis.call('ZADD', LATER, moment, channel)
  else
    requeue(channel, outcome, moment, best)
  end
  return 1
end

local answer, at = {}, 1
while at <= #ARGV do
  answer[#answer + 1] = settle(at)
  at = at + 9 + 5 * tonumber(ARGV[at + 8])
end
return answer
