-- Give the lease back, if it is ours. ARGV: holder.
if redis.call('GET', KEYS[1] .. ':lease') == ARGV[1] then
  redis.call('DEL', KEYS[1] .. ':lease')
end
return redis.status_reply('OK')
