-- Drop ended incidents that are too old, and the oldest of those that are too many.
-- ARGV: drop what ended before this second, how many to keep at most. Returns how many went.
local base = KEYS[1]
local gone = redis.call('ZRANGEBYSCORE', base .. ':ended', '-inf', '(' .. ARGV[1])
local left = redis.call('ZCARD', base .. ':ended') - #gone
if left > tonumber(ARGV[2]) then
  local more = redis.call('ZRANGEBYSCORE', base .. ':ended', ARGV[1], '(+inf', 'LIMIT', 0,
    left - tonumber(ARGV[2]))
  for _, id in ipairs(more) do
    table.insert(gone, id)
  end
end
for _, id in ipairs(gone) do
  redis.call('HDEL', base .. ':incidents', id)
  redis.call('ZREM', base .. ':ended', id)
end
return #gone
