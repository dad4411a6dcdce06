"""The engine's state and incidents in Redis: see `bot.ports.IncidentStore` for the promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adapters.redis import codec, keys
from adapters.redis.database import Argument, Database
from adapters.redis.scripts import COMMIT, LEASE, RELEASE
from bot.domain.errors import Superseded
from bot.domain.incident import Incident
from bot.domain.state import State
from bot.ports import VersionedState


class RedisIncidentStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        # Provider → version of our last commit, and the state as written then.
        self._written: dict[str, tuple[int, bytes]] = {}

    async def acquire(self, provider: str, holder: str) -> int | None:
        base = keys.provider(provider)
        fence = await self._database.run(LEASE, base, holder, keys.LEASE_MS)
        return None if fence is None else int(fence)

    async def release(self, provider: str, holder: str) -> None:
        await self._database.run(RELEASE, keys.provider(provider), holder)

    async def is_held(self, provider: str) -> bool:
        """Return whether any process watches it."""
        return bool(await self._database.call("EXISTS", f"{keys.provider(provider)}:lease"))

    async def load(self, provider: str) -> VersionedState:
        base = keys.provider(provider)
        version, times, state = await self._database.call(
            "HMGET", f"{base}:state", "version", "moments", "state"
        )
        if version is None:
            return VersionedState(None, 0)
        return VersionedState(codec.read_state(times, state), int(version))

    async def commit(
        self, provider: str, *, fence: int, version: int, state: State, changed: Sequence[Incident]
    ) -> None:
        times, rest = codec.write_state(state)
        # Some 20 KB that a poll without a change need not write to disk again.
        as_it_was = self._written.get(provider) == (version, rest)
        arguments: list[Argument] = [
            fence,
            version,
            times,
            b"" if as_it_was else rest,
            keys.EVENTS_KEPT,
        ]
        # What ran when the page was first read is not announced, yet people ask for it and join it.
        silent = [] if version else [i for i in state.incidents.values() if i not in changed]
        for incident in (*silent, *changed):
            ended = incident.ended_at.timestamp() if incident.ended_at else "+inf"
            arguments += [incident.id, codec.incidents.dump(incident), ended]
            arguments += [incident.key, incident.version if incident in changed else ""]
        if not await self._database.run(COMMIT, keys.provider(provider), *arguments):
            raise Superseded(f"somebody else watches {provider} by now")
        self._written[provider] = (version + 1, rest)

    async def incident(self, key: str) -> Incident | None:
        base, id_ = keys.provider(keys.provider_of(key)), key.split("/", 1)[1]
        found: bytes | None = await self._database.call("HGET", f"{base}:incidents", id_)
        return None if found is None else codec.incidents.load(found)

    async def history(self, provider: str, since: datetime) -> list[Incident]:
        base = keys.provider(provider)
        start = since.timestamp()
        ids = await self._database.call("ZRANGEBYSCORE", f"{base}:ended", start, "+inf")
        if not ids:
            return []
        found = await self._database.call("HMGET", f"{base}:incidents", *ids)
        incidents = [codec.incidents.load(one) for one in found if one is not None]
        return sorted(incidents, key=lambda incident: incident.started_at)
