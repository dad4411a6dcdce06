-- Delete keys of a shard. KEYS[1]: its base. ARGV: their names in it.
for _, name in ipairs(ARGV) do
  redis.call('DEL', KEYS[1] .. ':' .. name)
end
