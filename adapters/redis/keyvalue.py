"""Single values that outlive the process, for all replicas: texts, and what was handled."""

from __future__ import annotations

from adapters.redis import keys
from adapters.redis.database import Database


class RedisKeyValue:
    """Small texts, such as what was registered where. Raises `StoreError` if Redis fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, name: str) -> str | None:
        found = await self._database.call("GET", keys.value(name))
        return found.decode() if isinstance(found, bytes) else found

    async def write(self, name: str, text: str) -> None:
        await self._database.call("SET", keys.value(name), text)


class RedisDeduplicator:
    """Names of what was handled: platforms send the same thing twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self, name: str) -> bool:
        """Return whether nobody asked for this name within the last ten minutes.

        Raises:
            StoreError: it cannot be known.
        """
        key = keys.handled(name)
        return (
            await self._database.call("SET", key, 1, "NX", "EX", keys.HANDLED_SECONDS) is not None
        )
