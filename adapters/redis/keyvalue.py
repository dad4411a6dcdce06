"""Small texts that outlive the process, for all replicas, such as what was registered where."""

from __future__ import annotations

from adapters.redis import keys
from adapters.redis.database import Database


class RedisKeyValue:
    """Both methods raise `StoreError` when Redis does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, name: str) -> str | None:
        found = await self._database.call("GET", keys.note(name))
        return found.decode() if isinstance(found, bytes) else found

    async def write(self, name: str, text: str) -> None:
        await self._database.call("SET", keys.note(name), text)
