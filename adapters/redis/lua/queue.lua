-- Shared by every script of the queue; KEYS[1] is the base of one shard.
--
-- A channel that is behind has an entry and stands in exactly one of two sorted sets: `ready` (by
-- class, then since when it waits) or `later` (by the ms when it is due again). A claimed channel
-- stands in `later` at the end of its lease: a claim that nobody settles comes back by itself.
--
-- An entry's fields: incident key → "class:since:first:mark", the state that is wanted (mark) and
-- the revision that was wanted first: whoever serves it knows at least that. Besides
--   s  score in `ready`          #  token of the claim        $  when it was claimed (ms)
--   ?  since when (ms) messages may stand there unrecorded    !  failures in a row
--   @  the ms for which the shared limits already granted a message
--
-- Classes: 0 to 4 open a thread (major outage first), 5 to 9 continue one.
local base = KEYS[1]
local READY, LATER = base .. ':ready', base .. ':later'
local SUBSCRIPTIONS, PAUSED, TENANTS = base .. ':subscriptions', base .. ':paused', base .. ':tenants'

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

local function thread_of(channel, incident)
  return base .. ':thread:' .. channel .. ':' .. incident
end

local function score_of(class, since)
  return class * 1e13 + since
end

-- Put a channel that nobody has claimed where it is looked at next.
local function make_ready(channel)
  local entry = redis.call('HMGET', entry_of(channel), 's', '#')
  if entry[1] and not entry[2] then
    redis.call('ZREM', LATER, channel)
    redis.call('ZADD', READY, entry[1], channel)
  end
end

-- Say that a channel is behind with an incident. Saying it again changes nothing, unless `force`:
-- then it is looked at once more, even if it is up to date or just being worked on.
local function enqueue(channel, incident, class, mark, now, force)
  local thread = redis.call('GET', thread_of(channel, incident))
  if thread then
    local done, root = string.match(thread, '^(.-)|(%d)')
    if done == mark and not force then
      return 0
    end
    if root == '1' then
      class = class + 5
    end
  end
  local key = entry_of(channel)
  local since, first = now, string.match(mark, '^%d+')
  local old = redis.call('HGET', key, incident)
  if old then
    local old_class, old_since, old_first, old_mark = string.match(old, '^(%d+):(%d+):(%d+):(.*)$')
    class, since, first = math.min(class, tonumber(old_class)), tonumber(old_since), old_first
    if force then
      mark = old_mark .. '+' -- another value: whoever works on it leaves it behind
    end
  end
  local value = class .. ':' .. whole(since) .. ':' .. first .. ':' .. mark
  if value ~= old then
    redis.call('HSET', key, incident, value)
  end
  local score = score_of(class, since)
  local best = tonumber(redis.call('HGET', key, 's') or '')
  if not best or score < best then
    redis.call('HSET', key, 's', whole(score))
    best = score
  end
  if not redis.call('ZSCORE', LATER, channel) then
    redis.call('ZADD', READY, whole(best), channel)
  end
  return 1
end
