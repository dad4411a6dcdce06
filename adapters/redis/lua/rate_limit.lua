-- Grant messages under limits that many channels share, in this process and in others.
-- KEYS[1]: one limit. ARGV: interval (ms, may be a fraction), burst, wanted, held, block for (ms).
-- `held` were granted a moment before and only ask whether the limit was blocked since then.
-- Generic cell rate algorithm; the hash has `next`, the theoretical arrival time, and `blocked`.
-- Returns {now, blocked until or 0, first}: the i-th of the wanted (from 0) may go at
-- first + i * interval, in ms and as a string; moments before `now` mean now. While the limit is
-- blocked, the held are granted anew, after the wanted.
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local wanted, held, block = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local known = redis.call('HMGET', KEYS[1], 'next', 'blocked')
local next, blocked = tonumber(known[1] or 0), tonumber(known[2] or 0)
if block > 0 and now + block > blocked then
  blocked = now + block
  redis.call('HSET', KEYS[1], 'blocked', string.format('%.3f', blocked))
end
if blocked > now then
  wanted = wanted + held
  -- Nothing saved up: after a refusal the limit is approached evenly.
  next = math.max(next, blocked + (burst - 1) * interval)
end
next = math.max(next, now)
local first = next - (burst - 1) * interval
if wanted > 0 then
  next = next + wanted * interval
end
if wanted > 0 or block > 0 then
  redis.call('HSET', KEYS[1], 'next', string.format('%.3f', next))
  redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(next, blocked) - now) + 1000)
end
return {string.format('%.3f', now), blocked > now and string.format('%.3f', blocked) or '0',
  string.format('%.3f', first)}
