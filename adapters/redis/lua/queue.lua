-- Shared by every script of the queue; KEYS[1] is the base of one shard.
--
-- A channel that is stale has an entry and stands in exactly one of two sorted sets: `ready` (by
-- class, then since when it waits) or `later` (by the ms when it is due again). A claimed channel
-- stands in `later` at the end of its lease: a claim that nobody settles comes back by itself.
--
-- An entry's fields: subject → "class:since:first:version", the state that is wanted (version) and
-- the revision that was wanted first: whoever serves it knows at least that. A subject's key holds
-- a slash (an incident) or a colon (a reminder, the end of quiet hours); the other fields are words:
--   score              its score in `ready`
--   token, claimed_at  of the claim, while there is one (ms)
--   unsent             1: the claim notes it before it sends, and has not yet
--   unconfirmed_since  since when (ms) messages may stand there unrecorded
--   failures           in a row
--   granted_at         the ms for which the shared limits already granted a message
--   deferred           it stands in `later` only so that several changes make one
--
-- Classes: 0 to 4 open a thread (major outage first), 5 to 9 continue one.
local base = KEYS[1]
if redis.call('EXISTS', base .. ':sealed') == 1 then
  return redis.error_reply('SEALED the destinations were moved to other shards while this ran')
end
local READY, LATER = base .. ':ready', base .. ':later'
local SUBSCRIPTIONS, PAUSED, TENANTS = base .. ':subscriptions', base .. ':paused', base .. ':tenants'
local BOARD = 'board:' -- a subject, the same in all channels
local REMINDERS, APPOINTMENTS = base .. ':reminders', base .. ':appointments'

local function whole(number)
  return string.format('%.0f', number)
end

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function entry_of(channel)
  return base .. ':entry:' .. channel
end

local function thread_of(channel, subject)
  return base .. ':thread:' .. channel .. ':' .. subject
end

local function is_subject(field)
  return string.find(field, '[/:]') ~= nil
end

-- The field of a reminder among all of the shard; nil for other subjects.
local function reminder_of(channel, subject)
  return string.sub(subject, 1, 9) == 'reminder:' and channel .. '|' .. subject or nil
end

local function score_of(class, since)
  return class * 1e13 + since
end

-- The fields of an entry by their names.
local function fields_of(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do
    fields[flat[i]] = flat[i + 1]
  end
  return fields
end

-- The score of a channel by what its entry says that it is stale about; nil: nothing.
local function best_score(fields)
  local best = nil
  for field, value in pairs(fields) do
    if is_subject(field) then
      local class, since = string.match(value, '^(%d+):(%d+):')
      local score = score_of(tonumber(class), tonumber(since))
      best = best and math.min(best, score) or score
    end
  end
  return best
end

-- Put a channel that nobody has claimed where it is looked at next.
local function make_ready(channel)
  local key = entry_of(channel)
  local entry = redis.call('HMGET', key, 'score', 'token')
  if entry[1] and not entry[2] then
    redis.call('HDEL', key, 'deferred')
    redis.call('ZREM', LATER, channel)
    redis.call('ZADD', READY, entry[1], channel)
  end
end

-- Say that a channel is stale about a subject, whose thread there was just read (false: none).
-- Saying it again changes nothing, unless `force`: then it is looked at once more, even if it is up
-- to date or just being worked on. With `due` (ms) a channel that waits for nothing else waits until
-- then. Returns 1 if it is stale.
local function enqueue(channel, thread, subject, class, version, now, force, due)
  if thread then
    local done, root = string.match(thread, '^(.-)|(%d)')
    if done == version and not force then
      return 0
    end
    if root == '1' then
      class = class + 5
    end
  end
  local key = entry_of(channel)
  local since, first = now, string.match(version, '^%d+')
  local known = redis.call('HMGET', key, subject, 'score')
  local old = known[1]
  if old then
    local old_class, old_since, old_first, old_version = string.match(old, '^(%d+):(%d+):(%d+):(.*)$')
    class, since, first = math.min(class, tonumber(old_class)), tonumber(old_since), old_first
    if force then
      version = old_version .. '+' -- another value: whoever works on it leaves it stale
    end
  end
  local value = class .. ':' .. whole(since) .. ':' .. first .. ':' .. version
  local before, best = known[2], whole(score_of(class, since))
  if before and tonumber(before) < tonumber(best) then
    best = before
  end
  if value ~= old or best ~= before then
    redis.call('HSET', key, subject, value, 'score', best)
  end
  local waits = before and redis.call('ZSCORE', LATER, channel) -- without an entry it is nowhere
  if waits and not due and redis.call('HDEL', key, 'deferred') == 1 then
    redis.call('ZREM', LATER, channel)
    waits = false
  end
  if waits then
    return 1
  end
  if due and not redis.call('ZSCORE', READY, channel) then
    redis.call('HSET', key, 'deferred', 1)
    redis.call('ZADD', LATER, whole(due), channel)
  else
    redis.call('ZADD', READY, best, channel)
  end
  return 1
end
