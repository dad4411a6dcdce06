-- Grant messages under limits that many channels share, in this process and in others.
-- KEYS[1]: one limit. ARGV: interval (ms, may be a fraction), burst, wanted, held, block for (ms),
-- patient, horizon (ms).
-- `held` were granted a moment before and only ask whether the limit was blocked since then. Of the
-- `patient` only so many are granted as may go within the horizon; the others are told when to ask
-- again, one after another, so that those who come later and are urgent wait no longer than it.
-- Generic cell rate algorithm; the hash has `next`, the theoretical arrival time, `blocked`, and
-- `later`, the moment at which one more of the patient asks again.
-- Returns {now, blocked until or 0, first, how many patient ones are granted, again}: the i-th of the
-- wanted (from 0) may go at first + i * interval, in ms and as a string; moments before `now` mean
-- now. While the limit is blocked, the held are granted anew, after the wanted; then come the
-- patient. The i-th of those that are left asks at again + i * interval.
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local wanted, held, block = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local patient, horizon = tonumber(ARGV[6]), tonumber(ARGV[7])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local known = redis.call('HMGET', KEYS[1], 'next', 'blocked', 'later')
local next, blocked, later = tonumber(known[1] or 0), tonumber(known[2] or 0), tonumber(known[3] or 0)
local function write(field, moment)
  redis.call('HSET', KEYS[1], field, string.format('%.3f', moment))
end
if block > 0 and now + block > blocked then
  blocked = now + block
  write('blocked', blocked)
end
if blocked > now then
  wanted = wanted + held
  -- Nothing saved up: after a refusal the limit is approached evenly.
  next = math.max(next, blocked + (burst - 1) * interval)
end
next = math.max(next, now)
local first = next - (burst - 1) * interval
local soon = math.floor((now + horizon - first) / interval) + 1 - wanted
local granted = math.max(0, math.min(patient, soon))
next = next + (wanted + granted) * interval
local again = math.max(later, next - (burst - 1) * interval)
if patient > granted then
  later = again + (patient - granted) * interval
  write('later', later)
end
if wanted + patient > 0 or block > 0 then
  write('next', next)
  redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(next, blocked, later) - now) + 1000)
end
return {string.format('%.3f', now), blocked > now and string.format('%.3f', blocked) or '0',
  string.format('%.3f', first), granted, string.format('%.3f', again)}
