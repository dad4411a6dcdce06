-- Queue one channel for some subjects, and change nothing of what it asks for.
-- ARGV: channel, '1' to have it looked at even if it is up to date, delay (ms; 0: none), then per
-- subject: key, class, version.
local channel, force, delay, now = ARGV[1], ARGV[2] == '1', tonumber(ARGV[3]), clock()
for i = 4, #ARGV, 3 do
  local thread = redis.call('GET', thread_of(channel, ARGV[i]))
  enqueue(channel, thread, ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], now, force,
    delay > 0 and now + delay or nil)
end
return 1
