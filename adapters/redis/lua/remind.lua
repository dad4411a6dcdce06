-- Keep a reminder. ARGV: its field, JSON. Returns 0 where this person waits for the same already.
return redis.call('HSETNX', REMINDERS, ARGV[1], ARGV[2])
