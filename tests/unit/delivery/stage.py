"""One channel of a platform in memory, and the attempts that bring it up to date."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.delivery.attempt import Attempt
from bot.delivery.cache import IncidentCache
from bot.delivery.context import DeliveryContext
from bot.delivery.platform_health import PlatformHealth
from bot.delivery.queue import Claim, PendingThread, Settlement, Subject
from bot.delivery.stores import Permit
from bot.domain.incident import Incident
from bot.domain.state import State
from bot.domain.subscription import Channel, Reminder, Subscription, ThreadRecord
from bot.messenger import Bucket
from bot.ports import VersionedState
from tests.clock import StandingClock
from tests.delivery_kit import NamedMessages
from tests.unit.delivery.platform import HERE, Platform

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ASKED = Subscription(HERE, mention="<@U1>", changed_at=NOW - timedelta(days=1))


@dataclass
class Queue:
    """Notes what is settled. `held` False: the claim is not ours any more."""

    lease: float = 30.0
    held: bool = True
    settled: list[Settlement] = field(default_factory=list)
    noted: int = 0
    silenced: list[tuple[str, str, str]] = field(default_factory=list)
    threads: dict[str, ThreadRecord] = field(default_factory=dict)

    def settle(self, settlement: Settlement) -> asyncio.Future[bool]:
        self.settled.append(settlement)
        done = asyncio.get_running_loop().create_future()
        done.set_result(self.held)
        return done

    async def sending(self, claim: Claim) -> bool:
        self.noted += 1
        return self.held

    async def thread(self, channel: Channel, subject: str) -> ThreadRecord | None:
        assert channel == HERE
        return self.threads.get(subject)

    async def silence(self, platform: str, tenant: str, reason: str) -> None:
        self.silenced.append((platform, tenant, reason))


@dataclass
class Limits:
    """Gives these permits, then every permit. `asked`: of which limits, granted, patient."""

    permits: list[Permit] = field(default_factory=list)
    asked: list[tuple[list[str], bool, bool]] = field(default_factory=list)
    refusals: list[tuple[str, float]] = field(default_factory=list)

    async def acquire(
        self, buckets: Sequence[Bucket], *, granted: bool = False, patient: bool = False
    ) -> Permit:
        self.asked.append(([bucket.name for bucket in buckets], granted, patient))
        return self.permits.pop(0) if self.permits else Permit()

    async def refused(self, bucket: Bucket, retry_after: float) -> None:
        self.refusals.append((bucket.name, retry_after))


@dataclass
class Incidents:
    """What the store knows of incidents."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)

    async def incident(self, key: str) -> Incident | None:
        return self.incidents.get(key)

    async def load(self, provider: str) -> VersionedState:
        return VersionedState(self.states.get(provider), 1)


class Stage:
    """A channel with its records. `serve` is one attempt, recorded as the store would."""

    def __init__(self, subscription: Subscription | None = ASKED, **context: Any) -> None:
        self.platform, self.queue, self.limits = Platform(), Queue(), Limits()
        self.clock = StandingClock(NOW)
        self.subscription = subscription
        self.store = Incidents()
        self.context = DeliveryContext(
            self.platform,
            self.queue,  # type: ignore[arg-type]  # what an attempt asks of it
            self.limits,
            IncidentCache(self.store, ["claude"]),  # type: ignore[arg-type]
            NamedMessages(),
            self.clock,
            random.Random(1),
            PlatformHealth(time.monotonic),
            **context,
        )

    def claim(self, *subjects: Subject, **claim: Any) -> Claim:
        """Return a claim for these; `first`: the revision that made it stale."""
        first = claim.pop("first", 0)
        pending = []
        for one in subjects:
            if isinstance(one, Incident):
                self.store.incidents[one.key] = one
            pending.append(
                PendingThread(
                    one.key,
                    one.version,
                    self.record(one),
                    first,
                    one if isinstance(one, Reminder) else None,
                )
            )
        claim.setdefault("deadline", time.monotonic() + self.queue.lease)
        claim.setdefault("token", "t1")
        return Claim(HERE, subscription=self.subscription, pending=tuple(pending), **claim)

    async def serve(self, *subjects: Subject, **claim: Any) -> Settlement | None:
        settlement = await Attempt(self.context, self.claim(*subjects, **claim)).run()
        for one in [*self.queue.settled, *([settlement] if settlement else [])]:
            for update in one.updates:
                self.queue.threads[update.pending.subject] = update.thread
        return settlement

    def record(self, subject: Subject) -> ThreadRecord:
        """Return what is recorded of a subject."""
        return self.queue.threads.get(subject.key, ThreadRecord())

    async def told(self, *subjects: Subject) -> None:
        """Have something told before what a test is about."""
        settlement = await self.serve(*subjects)
        assert settlement is not None
        assert settlement.outcome == "done"
        self.platform.calls.clear()
        self.queue.settled.clear()
