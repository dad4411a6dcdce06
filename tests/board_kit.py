"""What tests of boards share: a channel with a board, a view that changes, bots that may die."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from adapters.redis.store import Store
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.context import no_failpoint
from bot.domain.board import BOARD, Board
from bot.domain.evidence import Verdict
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from bot.status.view import ProviderStatus, StatusView
from tests.delivery_kit import Bot, running_bot, settled, utc_now
from tests.servers.chat import ChatMessenger, ChatServer, PostedMessage

CLAUDE = only(load_catalog(), ["claude"])


@dataclass
class Wall:
    """Where a board hangs. `url`: of a Redis of its own; `now` stands still unless it is moved."""

    url: str
    server: ChatServer
    channel: Channel
    severity: Severity = Severity.UP
    incidents: tuple[Incident, ...] = ()
    now: datetime = field(default_factory=lambda: utc_now().replace(minute=30))
    refusal: str = ""  # why nothing can be pinned
    # Seconds: short where bots die, else long enough for any machine.
    lease: float = 20.0
    send_seconds: float = 5.0

    def __post_init__(self) -> None:
        self.asked = Subscription(self.channel, board=Board(utc_now()))

    async def view(self) -> StatusView:
        since = self.now - timedelta(minutes=10)
        api = Verdict("api", self.severity, since, self.now)
        return StatusView(
            self.now,
            CLAUDE,
            (ProviderStatus("claude", (api,), self.incidents, checked_at=self.now, is_fresh=True),),
        )

    @contextlib.asynccontextmanager
    async def bot(
        self, failpoint: Callable[[str], Awaitable[None]] = no_failpoint
    ) -> AsyncIterator[Bot]:
        platform = self.channel.platform
        async with ChatMessenger(self.server.url, platform, can_pin=True) as messenger:
            assert messenger.pins is not None
            messenger.pins.refusal = self.refusal
            async with running_bot(
                self.url,
                messenger,
                reading=False,
                lease=self.lease,
                send_seconds=self.send_seconds,
                view=self.view,
                failpoint=failpoint,
            ) as bot:
                yield bot

    async def ask(self, store: Store, **changes: object) -> None:
        """Change what the channel asks for."""
        self.asked = replace(self.asked, **changes)  # type: ignore[arg-type]  # real fields
        await store.subscriptions.put(self.asked)

    async def deliver(self, bot: Bot, store: Store | None = None) -> None:
        """Have it looked at, and wait until nothing is left to do. `store`: to wait with."""
        await bot.boards.queue_due()
        bot.worker.wake()
        await settled(store or bot.store, self.channel.platform)

    async def record(self, store: Store) -> ThreadRecord:
        return await store.queue.thread(self.channel, BOARD) or ThreadRecord()

    @property
    def boards(self) -> list[PostedMessage]:
        return self.server.thread(f"{self.channel.tenant}/{self.channel.id}", BOARD)

    @property
    def pinned(self) -> list[PostedMessage]:
        return [one for one in self.boards if one.id in self.server.pinned]


async def either(first: Awaitable[None], second: Awaitable[object]) -> None:
    """Return when one of two has come, and end the other."""
    tasks = [asyncio.ensure_future(one) for one in (first, second)]
    done, late = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    for task in done:
        task.result()
