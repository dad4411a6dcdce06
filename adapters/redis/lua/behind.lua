-- Queue one channel for what runs, and change nothing of what it asks for.
-- ARGV: channel, then per incident: key, class, mark.
local channel, now = ARGV[1], clock()
for i = 2, #ARGV, 3 do
  enqueue(channel, ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], now)
end
make_ready(channel)
return 1
