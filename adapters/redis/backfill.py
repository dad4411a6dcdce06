"""Incidents from before we looked, in Redis: see `bot.past` for what they are for."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.redis import codec, keys
from adapters.redis.database import Argument, Database
from bot.domain.incident import Incident


class RedisBackfillStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, provider: str, incidents: Sequence[Incident]) -> None:
        arguments: list[Argument] = []
        for incident in incidents:
            arguments += [incident.id, codec.incidents.dump(incident)]
        if arguments:
            await self._database.call("HSET", f"{keys.provider(provider)}:past", *arguments)

    async def get(self, provider: str) -> list[Incident]:
        found = await self._database.call("HVALS", f"{keys.provider(provider)}:past")
        return [codec.incidents.load(one) for one in found]
