-- Remember since when (ms) the page's list is known whole; never later than what is known.
local known = redis.call('GET', KEYS[1] .. ':reach')
if not known or tonumber(ARGV[1]) < tonumber(known) then
  redis.call('SET', KEYS[1] .. ':reach', ARGV[1])
end
