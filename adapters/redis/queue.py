"""The queue in Redis: see `bot.delivery.queue` for what it promises, queue.lua for how."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.redis import keys
from adapters.redis.claims import read_claims, settlement_arguments
from adapters.redis.codec import read_thread
from adapters.redis.database import Database
from adapters.redis.forget import forget_reminders
from adapters.redis.scripts import CLAIM, DEPTH, SENDING, SILENCE, STALE, WAKE
from adapters.redis.settlements import SettlementBatch
from adapters.redis.subscriptions import described
from bot.delivery.queue import Claim, Claims, Settlement, Subject
from bot.domain.errors import StoreError
from bot.domain.subscription import Channel, ThreadRecord

MOST_PER_SHARD = 64  # channels claimed by one script: it holds Redis up for about a millisecond
ASIDE_MS = 3_600_000  # a silenced tenant's channels are looked at again so often


class RedisQueue:
    """`holder` names this process among others; `lease` in seconds. `queued` is called whenever
    this process has put channels in the queue.
    """

    def __init__(
        self,
        database: Database,
        holder: str,
        queued: Callable[[], None] = lambda: None,
        *,
        lease: float = 30.0,
    ) -> None:
        self._database = database
        self._queued = queued
        # A process that had this name before may have left claims: no token is given twice.
        self._tokens = f"{holder}:{secrets.token_hex(4)}"
        self.lease = lease
        self._numbers = itertools.count()
        self._settlements = SettlementBatch(database)

    async def claim(self, platform: str, count: int, *, notes_sends: bool = False) -> Claims:
        token = f"{self._tokens}:{next(self._numbers)}"
        each = max(1, min(count // self._database.shards.count, MOST_PER_SHARD))
        deadline = time.monotonic() + self.lease
        arguments = (each, int(self.lease * 1000), token, ASIDE_MS, int(notes_sends))
        calls = [(base, arguments) for base in self._database.shards.of_platform(platform)]
        answers = await self._database.run_many(CLAIM, calls)
        fine = [answer for answer in answers if not isinstance(answer, BaseException)]
        if not fine:
            error: BaseException = answers[0]
            raise error if isinstance(error, StoreError) else StoreError(type(error).__name__)
        claims = [
            claim
            for answer in fine
            for claim in read_claims(platform, answer, token=token, deadline=deadline)
        ]
        waits = [(int(one[4]) - int(one[0])) / 1000 for one in fine if int(one[4])]
        more = any(int(one[3]) for one in fine)
        return Claims(claims, more, max(0.0, min(waits)) if waits else None)

    async def sending(self, claim: Claim) -> bool:
        base, member = self._database.shards.of(claim.channel), keys.member(claim.channel)
        return bool(await self._database.run(SENDING, base, member, claim.token))

    def settle(self, settlement: Settlement) -> asyncio.Future[bool]:
        base = self._database.shards.of(settlement.claim.channel)
        return self._settlements.add(base, settlement_arguments(settlement, self.lease))

    async def silence(self, platform: str, tenant: str, reason: str) -> None:
        for base in self._database.shards.of_platform(platform):
            await self._database.run(SILENCE, base, tenant, reason)
        # Nobody there can be written to; they hold ids of people, which are not kept for nothing.
        await forget_reminders(self._database, platform, tenant)

    async def is_silenced(self, platform: str, tenant: str) -> bool:
        base = self._database.shards.of_platform(platform)[0]  # noted in each of them
        return bool(await self._database.call("HEXISTS", f"{base}:tenants", tenant))

    async def silenced(self, platform: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for base in self._database.shards.of_platform(platform):
            stored = await self._database.call("HGETALL", f"{base}:tenants")
            pairs = (
                stored.items()
                if isinstance(stored, dict)
                else zip(stored[::2], stored[1::2], strict=True)
            )
            found |= {tenant.decode(): reason.decode() for tenant, reason in pairs}
        return found

    async def mark_stale(
        self, channel: Channel, subjects: Sequence[Subject], *, delay: float = 0.0
    ) -> None:
        described_all = [argument for subject in subjects for argument in described(subject)]
        arguments = (keys.member(channel), 1, int(delay * 1000), *described_all)
        await self._database.run(STALE, self._database.shards.of(channel), *arguments)
        self._queued()

    async def wake(self, channel: Channel) -> None:
        await self._database.run(WAKE, self._database.shards.of(channel), keys.member(channel), "")

    async def wake_tenant(self, platform: str, tenant: str) -> None:
        for base in self._database.shards.of_platform(platform):
            await self._database.run(WAKE, base, tenant, "*")
        await self._database.call("HDEL", keys.DEPARTED_KEY, f"{platform}/{tenant}")

    async def thread(self, channel: Channel, incident: str) -> ThreadRecord | None:
        """Return what stands in a channel of an incident, for those who explain."""
        base, member = self._database.shards.of(channel), keys.member(channel)
        stored = await self._database.call("GET", f"{base}:thread:{member}:{incident}")
        return read_thread(stored) if stored else None

    async def close(self) -> None:
        """Give up what is not settled yet; such claims end by themselves."""
        await self._settlements.close()


@dataclass(frozen=True, slots=True)
class Depth:
    """The amount of work that waits in the queue of a platform."""

    channels: int  # that are stale
    lag: float  # seconds that the first of those ready waits
    silenced: int = 0  # tenants that nothing is sent to until they are back


async def depth_of(database: Database, platform: str, now: datetime) -> Depth:
    """Add up the shards of a platform.

    Raises:
        StoreError: Redis did not answer.
    """
    bases = database.shards.of_platform(platform)
    answers = await database.run_many(DEPTH, [(base, ()) for base in bases])
    channels, oldest, silenced = 0, 0.0, 0
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        channels += int(answer[0])
        silenced = max(silenced, int(answer[2]))  # noted in each shard
        since = float(answer[1])
        oldest = min(oldest, since) if oldest and since else oldest or since
    lag = now.timestamp() - oldest / 1000 if oldest else 0.0
    return Depth(channels, max(0.0, lag), silenced)
