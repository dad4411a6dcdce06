"""Homes that people opened lately, with what each shows, so that any process can renew them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.redis import keys
from adapters.redis.codec import moment, ms, pairs
from adapters.redis.database import Database
from bot.ports import Clock

# Renewed when something changes: those that were opened within a day, so many at most (guesses).
OPENED_WITHIN = timedelta(days=1)
MOST_HOMES = 2_000


@dataclass(frozen=True, slots=True)
class OpenedHome:
    """The home of one person. `shown`: a hash of the answer that it was published with."""

    tenant: str
    person: str
    opened_at: datetime
    shown: str

    @property
    def name(self) -> str:
        return f"{self.tenant}/{self.person}"


class RedisHomes:
    """The opened homes of one app. Every method raises `StoreError` if Redis fails."""

    def __init__(self, database: Database, holder: str, clock: Clock) -> None:
        self._database = database
        self._holder = holder
        self._clock = clock

    async def put(self, home: OpenedHome) -> None:
        value = f"{ms(home.opened_at)}|{home.shown}"
        await self._database.call("HSET", keys.SLACK_HOMES, home.name, value)

    async def all(self) -> Sequence[OpenedHome]:
        """Return those that were opened lately, the last first; forget the others."""
        homes = []
        for name, value in pairs(await self._database.call("HGETALL", keys.SLACK_HOMES)):
            tenant, _, person = name.decode().partition("/")
            at, _, shown = value.decode().partition("|")
            homes.append(OpenedHome(tenant, person, moment(int(at)), shown))
        homes.sort(key=lambda home: home.opened_at, reverse=True)
        since = self._clock() - OPENED_WITHIN
        kept = [home for home in homes[:MOST_HOMES] if home.opened_at > since]
        for home in homes[len(kept) :]:
            await self._database.call("HDEL", keys.SLACK_HOMES, home.name)
        return kept

    async def may_renew(self, seconds: float) -> bool:
        """Return whether no other process did so within so many seconds (then it is our turn)."""
        taken = await self._database.call(
            "SET", keys.SLACK_HOMES_TURN, self._holder, "NX", "PX", int(seconds * 1000)
        )
        return taken is not None
