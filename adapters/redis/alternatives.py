"""Alternatives of teams, in Redis: see `bot.status.service.TeamAlternatives`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.redis import keys
from adapters.redis.database import Database


class RedisAlternatives:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, owner: str) -> tuple[str, ...]:
        found = await self._database.call("HGET", keys.ALTERNATIVES_KEY, owner)
        return tuple(found.decode().split()) if found else ()

    async def put(self, owner: str, names: Sequence[str]) -> None:
        if names:
            await self._database.call("HSET", keys.ALTERNATIVES_KEY, owner, " ".join(names))
        else:
            await self._database.call("HDEL", keys.ALTERNATIVES_KEY, owner)

    async def all(self) -> Mapping[str, tuple[str, ...]]:
        stored = self._database.scan(keys.ALTERNATIVES_KEY, "*")
        return {owner.decode(): tuple(names.decode().split()) async for owner, names in stored}
