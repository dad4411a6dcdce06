"""Remembers what was handled, for all replicas: platforms tell the same thing twice."""

from __future__ import annotations

from adapters.redis import keys
from adapters.redis.database import Database


class RedisDeduplicator:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self, name: str) -> bool:
        """Whether nobody asked for this name within the last ten minutes.

        Raises:
            StoreError: it cannot be told.
        """
        return (
            await self._database.call("SET", keys.seen(name), 1, "NX", "EX", keys.SEEN_SECONDS)
            is not None
        )
