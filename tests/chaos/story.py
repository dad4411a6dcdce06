"""One incident told to a few channels while something dies; the same for every point of death."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from adapters.redis import keys
from adapters.redis.store import Store, open_store
from bot.delivery.context import no_failpoint
from bot.domain.incident import EventKind, Incident
from bot.domain.subscription import Channel
from tests.chaos.ledger import Ledger
from tests.delivery_kit import Bot, channels, commit, incident, left, more, running_bot, subscribe
from tests.servers.chat import ChatMessenger, ChatServer

CHAPTERS: Sequence[Sequence[EventKind]] = (
    (EventKind.OPENED,),
    (EventKind.UPDATE, EventKind.WORSE),
    (EventKind.CORRECTED,),
    (EventKind.RESOLVED,),
)


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
                await commit(store, told)
                bot = await self._live(store, told, bot, death, running)
            for channel in self.channels:
                assert told is not None
                ledger.check(self.server, channel, told)

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
        threads = [
            (keys.shard_of(c), f":thread:{keys.member(c)}:{told.key}") for c in self.channels
        ]
        async with asyncio.timeout(60):
            while True:
                records = [await store.database.call("GET", base + end) for base, end in threads]
                done = [
                    r is not None and r.startswith(told.version.encode() + b"|") for r in records
                ]
                if all(done) and not await left(store, f"chat{self.name}"):
                    return
                await asyncio.sleep(0.1)

    @contextlib.asynccontextmanager
    async def _bot(self, death: Death | None) -> AsyncIterator[Bot]:
        async with (
            ChatMessenger(self.server.url, f"chat{self.name}", connections=8) as messenger,
            running_bot(
                self.redis,
                messenger,
                provider=f"p{self.name}",
                lease=0.8,
                send_seconds=0.3,
                failpoint=death or no_failpoint,
            ) as bot,
        ):
            yield bot
