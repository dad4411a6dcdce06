-- Note that no channel of a tenant is written to. ARGV: tenant, reason.
redis.call('HSET', TENANTS, ARGV[1], ARGV[2])
