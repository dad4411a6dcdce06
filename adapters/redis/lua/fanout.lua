-- Queue the channels of some index sets for an incident; a batch at a time.
-- ARGV: incident, class, version, first set to read (from 1), cursor in it, batch, refresh before
-- (ms of life left below which an unchanged thread is kept for longer; 0: not), its life, sets …
-- Returns {next set, its cursor, how many are stale}; next set 0: done.
local incident, class, version = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local set, cursor, batch = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local refresh, life = tonumber(ARGV[7]), ARGV[8]
local now, seen, stale = clock(), 0, 0
while 8 + set <= #ARGV do
  local page = redis.call('SSCAN', base .. ':index:' .. ARGV[8 + set], cursor, 'COUNT', batch)
  local names, threads = {}, {}
  for i, channel in ipairs(page[2]) do
    names[i] = thread_of(channel, incident)
  end
  if #names > 0 then
    threads = redis.call('MGET', unpack(names))
  end
  for i, channel in ipairs(page[2]) do
    stale = stale + enqueue(channel, threads[i], incident, class, version, now, false)
    if refresh > 0 and threads[i] then
      local left = redis.call('PTTL', names[i])
      if left > 0 and left < refresh then
        redis.call('PEXPIRE', names[i], life)
      end
    end
  end
  seen, cursor = seen + #page[2], page[1]
  if cursor == '0' then
    set = set + 1
  end
  if seen >= batch and 8 + set <= #ARGV then
    return {set, cursor, stale}
  end
end
return {0, '0', stale}
