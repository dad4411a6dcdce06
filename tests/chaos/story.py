"""One incident told to a few channels while something dies; the same for every point of death."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from adapters.redis.store import Store, open_store
from bot.model import Channel, Incident, NewsKind
from tests.chaos.ledger import Ledger
from tests.delivery_kit import Bot, channels, commit, incident, left, more, running_bot, subscribe
from tests.servers.chat import ChatMessenger, ChatServer

CHAPTERS: Sequence[Sequence[NewsKind]] = (
    (NewsKind.OPENED,),
    (NewsKind.UPDATE, NewsKind.WORSE),
    (NewsKind.CORRECTED,),
    (NewsKind.RESOLVED,),
)


@dataclass
class Death:
    """A failpoint that lets so many I/O steps happen, and not one more."""

    at: int
    steps: list[str] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, point: str) -> None:
        self.steps.append(point)
        if len(self.steps) >= self.at:
            self.came.set()
            await asyncio.Event().wait()  # nothing of this process goes on from here


@dataclass
class Story:
    """`name` keeps stories apart that share a Redis and a platform's server."""

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
            told: Incident | None = None
            for kinds in CHAPTERS:
                told = self._next(told, kinds)
                await commit(store, told)
                bot = await self._live(store, bot, death, running)
            for channel in self.channels:
                assert told is not None
                ledger.check(self.server, channel, told)

    def _next(self, told: Incident | None, kinds: Sequence[NewsKind]) -> Incident:
        if told is None:
            return incident(*kinds, provider=f"p{self.name}")
        return more(told, *kinds)

    async def _live(
        self, store: Store, bot: Bot, death: Death, running: contextlib.AsyncExitStack
    ) -> Bot:
        """Let the bot tell it; where it dies, start another."""
        bot.fanout.wake()
        if not bot.dead:
            quiet = asyncio.create_task(self._quiet(store))
            died = asyncio.create_task(death.came.wait())
            await asyncio.wait({quiet, died}, return_when=asyncio.FIRST_COMPLETED)
            quiet.cancel()
            died.cancel()
            if not death.came.is_set():
                await quiet
                return bot
            await bot.freeze()
            bot = await running.enter_async_context(self._bot(None))
        await self._quiet(store)
        return bot

    async def _quiet(self, store: Store) -> None:
        """Wait until the news are queued and no channel is behind."""
        provider, platform = f"p{self.name}", f"chat{self.name}"
        async with asyncio.timeout(60):
            while await _unread(store, provider) or await left(store, platform):
                await asyncio.sleep(0.03)

    @contextlib.asynccontextmanager
    async def _bot(self, death: Death | None) -> AsyncIterator[Bot]:
        options = {"failpoint": death} if death else {}
        async with (
            ChatMessenger(self.server.url, f"chat{self.name}", connections=8) as messenger,
            running_bot(
                self.redis,
                messenger,
                provider=f"p{self.name}",
                lease=0.8,
                send_seconds=0.3,
                **options,
            ) as bot,
        ):
            yield bot


async def _unread(store: Store, provider: str) -> bool:
    """Return whether news wait to be queued, or were taken and not acknowledged."""
    stream = f"icd:{{{provider}}}:news"
    groups = await store.database.call("XINFO", "GROUPS", stream)
    newest = await store.database.call("XREVRANGE", stream, "+", "-", "COUNT", 1)
    if not groups:
        return True
    group = groups[0]
    return bool(group["pending"]) or group["last-delivered-id"] != newest[0][0]
