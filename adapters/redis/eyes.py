"""Where all that is seen besides the pages is kept."""

from __future__ import annotations

from pydantic import SecretStr

from adapters.redis.database import Database
from adapters.redis.past import RedisPast
from adapters.redis.wishes import RedisWishes
from adapters.redis.witness import RedisProbes, RedisReports, RedisTraffic
from bot.eyes import EyeStores


def eye_stores(database: Database, secret: SecretStr | None) -> EyeStores:
    """`secret` keys the hashes of people; without one, a key is made and kept in Redis."""
    return EyeStores(
        RedisProbes(database),
        RedisTraffic(database),
        RedisReports(database, secret.get_secret_value().encode() if secret else None),
        RedisWishes(database),
        RedisPast(database),
    )
