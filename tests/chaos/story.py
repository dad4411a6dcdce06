"""One incident told to a few channels while something dies; the same for every point of death."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from adapters.redis.evidence import RedisReports
from adapters.redis.store import Store, open_store
from bot.catalog.catalog import Catalog
from bot.delivery.context import no_failpoint
from bot.domain.blindness import Blindness
from bot.domain.evidence import Verdict
from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Reminder
from bot.evidence.stores import UserReport
from bot.status.view import StatusView
from tests.chaos.ledger import Ledger
from tests.delivery_kit import (
    Bot,
    channels,
    commit,
    incident,
    left,
    more,
    running_bot,
    subscribe,
    utc_now,
)
from tests.servers.chat import ChatMessenger, ChatServer

CHAPTERS: Sequence[Sequence[EventKind]] = (
    (EventKind.OPENED,),
    (EventKind.UPDATE, EventKind.WORSE),
    (EventKind.CORRECTED,),
    (EventKind.RESOLVED,),
)


class AllIsUp(StatusView):
    """A view in which every surface is up."""

    def verdict(self, surface: str) -> Verdict | None:
        return Verdict(surface, Severity.UP, None, utc_now())


async def all_is_up() -> AllIsUp:
    return AllIsUp(utc_now(), Catalog(), ())


@dataclass
class Death:
    """A failpoint that ends a process when it comes to a point for the n-th time, or after so
    many steps of any kind.
    """

    point: str = ""
    nth: int = 1
    any_after: int = 0
    armed: bool = False
    steps: list[str] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, point: str) -> None:
        if not self.armed:
            return
        self.steps.append(point)
        enough = self.any_after and len(self.steps) >= self.any_after
        if self.came.is_set() or enough or self.steps.count(self.point) >= self.nth:
            self.came.set()
            await asyncio.Event().wait()  # nothing of this process goes on from here


@dataclass
class Story:
    """`name` keeps stories apart on the platform's server; `redis` is a database of its own."""

    name: str
    redis: str
    server: ChatServer
    channels: Sequence[Channel] = ()
    blindness: Blindness | None = None
    lease: float = 0.8  # seconds, as is the next
    send_seconds: float = 0.3

    async def tell(self, death: Death, ledger: Ledger) -> None:
        platform = f"chat{self.name}"
        self.channels = channels(2, platform, tenant=f"T{self.name}")
        async with open_store(self.redis) as store, contextlib.AsyncExitStack() as running:
            await subscribe(store, *self.channels)
            bot = await running.enter_async_context(self._bot(death))
            death.armed = True
            told: Incident | None = None
            for kinds in CHAPTERS:
                told = self._next(told, kinds)
                self.blindness = self._seeing(told)
                await commit(store, told, blindness=self.blindness)
                bot = await self._live(store, told, bot, death, running)
                if told.is_open:
                    await self.people_speak(store, told)
                    bot = await self._live(store, told, bot, death, running)
            for channel in self.channels:
                assert told is not None
                ledger.check(self.server, channel, told)
                self.check_people(ledger, channel, told)

    def _seeing(self, told: Incident) -> Blindness:
        """The page is lost from sight with the first news, and seen again with the last."""
        begun = self.blindness or Blindness(
            told.provider, utc_now(), utc_now(), told.surfaces, told.surfaces, told.worst
        )
        return begun if told.is_open else replace(begun, ended_at=utc_now())

    async def people_speak(self, store: Store, told: Incident) -> None:
        """In every channel one more person reports trouble, and one asks to be reminded."""
        person = f"U{told.revision}"
        reports = RedisReports(store.database, b"s")
        for channel in self.channels:
            await reports.add(UserReport(channel, person, "api"), utc_now())
            await store.queue.mark_stale(channel, [told], delay=0.01)
            alone = replace(channel, id=f"D{channel.id}")
            await store.reminders.add(Reminder(alone, person, ("api",), utc_now()))

    def check_people(self, ledger: Ledger, channel: Channel, told: Incident) -> None:
        """Hold the reminders, and the count of reports on the root, against what people did."""
        self.check_reminders(ledger, channel)
        self.check_blindness(ledger, channel)
        (root, *_) = self.server.thread(f"{channel.tenant}/{channel.id}", f"{told.key}/root")
        if not any("(3 here report trouble: 3 API)" in title for title in root.shown):
            ledger.half_edited.append(f"{root.key} never showed all reports: {root.shown}")

    def check_reminders(self, ledger: Ledger, channel: Channel) -> None:
        """Each reminder is one message."""
        sent = Counter(
            m.key for m in self.server.thread(f"{channel.tenant}/D{channel.id}") if "back/" in m.key
        )
        ledger.doubled += [key for key, times in sent.items() if times > 1]
        if len(sent) != len(CHAPTERS) - 1:
            ledger.lost.append(f"{channel}: {len(sent)} reminders")

    def check_blindness(self, ledger: Ledger, channel: Channel) -> None:
        """Each channel was told once that the page cannot be seen, then once that it can.

        Or neither, where the page was back before the first could be said.
        """
        shown = [
            m.shown[0]
            for m in self.server.thread(f"{channel.tenant}/{channel.id}")
            if "/blind:" in m.key
        ]
        if shown not in ([], ["cannot see", "can see again"]):
            (ledger.doubled if len(shown) > 2 else ledger.lost).append(f"{channel}: {shown}")

    def _next(self, told: Incident | None, kinds: Sequence[EventKind]) -> Incident:
        if told is None:
            return incident(*kinds, provider=f"p{self.name}")
        return more(told, *kinds)

    async def _live(
        self,
        store: Store,
        told: Incident,
        bot: Bot,
        death: Death,
        running: contextlib.AsyncExitStack,
    ) -> Bot:
        """Let the bot tell it; where it dies, start another."""
        bot.fanout.wake()
        quiet = asyncio.create_task(self._quiet(store, told))
        if not death.armed:
            await quiet
            return bot
        died = asyncio.create_task(death.came.wait())
        await asyncio.wait({quiet, died}, return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if death.came.is_set():
            await bot.freeze()
            death.armed = False
            bot = await running.enter_async_context(self._bot(None))
        await quiet
        return bot

    async def _quiet(self, store: Store, told: Incident) -> None:
        """Wait until every channel is up to date with what was told, and nobody is served."""
        async with asyncio.timeout(60):
            while True:
                threads = [await store.queue.thread(c, told.key) for c in self.channels]
                done = all(thread and thread.shown == told.revision for thread in threads)
                done = done and await self._saw(store)
                waits = await left(store, f"chat{self.name}") or await store.reminders.all()
                if done and not waits:
                    return
                await asyncio.sleep(0.1)

    async def _saw(self, store: Store) -> bool:
        """Whether every channel's record says all that is to be said of the blindness."""
        blindness = self.blindness
        assert blindness is not None
        records = [await store.queue.thread(c, blindness.key) for c in self.channels]
        ended = blindness.ended_at is not None
        return all(one and (one.replies or ended is not bool(one.root)) for one in records)

    @contextlib.asynccontextmanager
    async def _bot(self, death: Death | None) -> AsyncIterator[Bot]:
        async with (
            ChatMessenger(
                self.server.url,
                f"chat{self.name}",
                connections=8,
                rationed=self.name[-1] in "13579",  # half of the stories note what they send
            ) as messenger,
            running_bot(
                self.redis,
                messenger,
                provider=f"p{self.name}",
                lease=self.lease,
                send_seconds=self.send_seconds,
                failpoint=death or no_failpoint,
                view=all_is_up,
            ) as bot,
        ):
            yield bot
