"""Takers of incidents ("I'm on it") in Redis: see `bot.ports.Takers` for the promises."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.redis import keys
from adapters.redis.codec import Codec
from adapters.redis.database import Database
from bot.domain.taker import Taker

_TAKERS = Codec(Taker)


class RedisTakers:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, owner: str, incident: str, taker: Taker, *, over: bool = False) -> Taker:
        key, json = keys.taken(incident), _TAKERS.dump(taker)
        if over:
            await self._database.call("HSET", key, owner, json)
        else:
            # Of two at once one sets it, and both read who.
            await self._database.call("HSETNX", key, owner, json)
        await self._database.call("EXPIRE", key, keys.THREAD_DAYS * 86_400)
        found = await self._database.call("HGET", key, owner)
        return _TAKERS.load(found) if found else taker

    async def of_incident(self, incident: str) -> Mapping[str, Taker]:
        stored = self._database.scan(keys.taken(incident), "*")
        return {owner.decode(): _TAKERS.load(json) async for owner, json in stored}

    async def end(self, incident: str) -> None:
        await self._database.call("DEL", keys.taken(incident))
