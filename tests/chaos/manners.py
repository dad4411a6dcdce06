"""What falls due at a channel's own times, told while something dies at every step in turn."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from adapters.redis.store import Store, open_store
from bot.delivery.context import no_failpoint
from bot.domain.digest import DigestTime
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.quiet import QuietHours
from bot.domain.subscription import Channel, Subscription
from bot.domain.taker import Escalation
from tests.chaos.story import Death
from tests.delivery_kit import Bot, commit, incident, left, running_bot, utc_now
from tests.servers.chat import ChatMessenger, ChatServer


class Night:
    """Quiet hours in which something opens that still goes on at their end."""

    severity = Severity.PARTIAL
    due: ClassVar = {"quiet": 1}  # messages, by the first word of their key

    def __init__(self, name: str, redis: str, server: ChatServer) -> None:
        self.name, self.redis, self.server = name, redis, server
        # The end of the tale is now, as the platform's clock has it: recovery looks from then on.
        self.end = utc_now().replace(microsecond=0) + timedelta(seconds=20)
        self.now = self.end - timedelta(hours=6)
        self.channel = Channel(f"chat{name}", f"T{name}", "C1")

    async def prepare(self, store: Store) -> None:
        await store.subscriptions.put(self._subscription())
        told = incident(
            EventKind.OPENED, provider=f"p{self.name}", at=self.now, severity=self.severity
        )
        await commit(store, told)
        await self.run(store, no_failpoint)
        self.now = self.end

    def _subscription(self) -> Subscription:
        dusk = self.now - timedelta(hours=1)
        hours = QuietHours(dusk.time(), self.end.time(), "UTC")
        return Subscription(self.channel, quiet=hours)

    async def live(self, death: Death) -> list[str]:
        """Let it be told; whoever dies is followed by another. Returns what went wrong."""
        async with open_store(self.redis) as store:
            await self.prepare(store)
            await self.run(store, death)
            await self.run(store, no_failpoint)
        keys = [m.key for m in self.server.thread(f"{self.channel.tenant}/C1")]
        prefix = f"{self.channel}/"
        words = [key.removeprefix(prefix).partition(":")[0] for key in keys]
        found = Counter(word.rpartition("/")[2] for word in words)
        return [] if found == self.due else [f"died at {death.point} ({death.nth}): {keys}"]

    async def run(self, store: Store, failpoint: Death | Callable[[str], Awaitable[None]]) -> None:
        """Run a bot until nothing is left to do, or until it dies."""
        async with self._bot(failpoint) as bot:
            if isinstance(failpoint, Death):
                failpoint.armed = True
            quiet = asyncio.create_task(self._quiet(store))
            if not isinstance(failpoint, Death):
                await quiet
                return
            dies = asyncio.create_task(failpoint.came.wait())
            await asyncio.wait({quiet, dies}, return_when=asyncio.FIRST_COMPLETED)
            if failpoint.came.is_set():
                await bot.freeze()
                quiet.cancel()
            dies.cancel()
            failpoint.armed = False

    async def _quiet(self, store: Store) -> None:
        """Wait until the schedule has been looked at, and nobody is served."""
        async with asyncio.timeout(60):
            while await self._waits(store):  # noqa: ASYNC110 (it happens in Redis)
                await asyncio.sleep(0.05)

    async def _waits(self, store: Store) -> bool:
        due = await store.timetable.due(self.now)
        return bool(due or await left(store, self.channel.platform))

    @contextlib.asynccontextmanager
    async def _bot(self, failpoint: Callable[[str], Awaitable[None]]) -> AsyncIterator[Bot]:
        async with (
            ChatMessenger(
                self.server.url,
                self.channel.platform,
                connections=4,
                rationed=self.name[-1] in "13579",
            ) as messenger,
            running_bot(
                self.redis,
                messenger,
                provider=f"p{self.name}",
                lease=0.8,
                send_seconds=0.3,
                failpoint=failpoint,
                clock=lambda: self.now,
            ) as bot,
        ):
            yield bot


class DayEnd(Night):
    """The same with a digest that is due at the end of the quiet hours."""

    due: ClassVar = {"quiet": 1, "digest": 1}

    def _subscription(self) -> Subscription:
        digest = DigestTime(self.end.time(), "UTC", since=self.now)
        return replace(super()._subscription(), digest=digest)


class NobodyIsOnIt(Night):
    """A major outage that is told at once and that nobody takes: somebody is called, once."""

    severity = Severity.MAJOR
    due: ClassVar = {"root": 1, "escalate": 1}

    def _subscription(self) -> Subscription:
        return Subscription(self.channel, escalation=Escalation(15, "<@U1>"))

    async def _waits(self, store: Store) -> bool:
        called = await store.queue.thread(self.channel, f"escalate:p{self.name}/x1")
        told = await store.queue.thread(self.channel, f"p{self.name}/x1")
        waits = (called is None or called.root is None) and self.now == self.end
        return waits or told is None or await super()._waits(store)
