-- Keep incidents that the page's list tells of, but for those that we saw ourselves.
-- ARGV per incident: id, JSON, the second it ended.
local base = KEYS[1]
for i = 1, #ARGV, 3 do
  local known = redis.call('HGET', base .. ':incidents', ARGV[i])
  -- Quotes inside a text are escaped in JSON, so that no text can look like this.
  if not known or string.find(known, '"seen_by":"page"', 1, true) then
    redis.call('HSET', base .. ':incidents', ARGV[i], ARGV[i + 1])
    redis.call('ZADD', base .. ':ended', ARGV[i + 2], ARGV[i])
  end
end
