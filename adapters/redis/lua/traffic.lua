-- Counts of the team's own traffic. KEYS[1] the base of all evidence; ARGV: minute, how long a
-- minute is kept (ms), key of this batch or "", then surface "|" result and number, in turns.
-- Returns 0 if a batch of that key was counted before.
if ARGV[3] ~= '' then
  if not redis.call('SET', KEYS[1] .. ':batch:' .. ARGV[3], 1, 'NX', 'EX', 600) then
    return 0
  end
end
local minute = KEYS[1] .. ':traffic:' .. ARGV[1]
for i = 4, #ARGV, 2 do
  redis.call('HINCRBY', minute, ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', minute, ARGV[2])
return 1
