"""Runners, or a worker, over a platform in memory that takes calls when its gate opens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.delivery import worker as module
from bot.delivery.queue import Claim, Claims, Outcome, PendingThread, Settlement
from bot.delivery.runners import Runners
from bot.delivery.worker import Worker
from bot.domain.errors import StoreError
from bot.domain.incident import EventKind
from bot.domain.message import Message
from bot.domain.subscription import Channel, ThreadRecord
from tests.delivery_kit import incident
from tests.unit.delivery.platform import Platform
from tests.unit.delivery.stage import ASKED, NOW, Queue, Stage

TOLD = incident(EventKind.OPENED, at=NOW)


@dataclass
class GatedPlatform(Platform):
    """Takes a call when its `gate` opens; `width` calls at a time are worth while."""

    width: int = 8
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: list[str] = field(default_factory=list)
    ready: list[int] = field(default_factory=list)  # channels, as it was asked

    def at_once(self, channel: Channel, ready: int) -> int:
        self.ready.append(ready)
        return self.width

    def buckets(self, channel: Channel, *, revising: bool = False) -> list[Any]:
        return []

    async def _take(
        self, what: str, channel: Channel, card: Message | None, key: str, **seen: Any
    ) -> str:
        self.begun.append(f"{channel.tenant}/{channel.id}")
        await self.gate.wait()
        self._fail(self.failing, what)
        return "m1"


@dataclass
class HeldQueue(Queue):
    """Records a settlement when it is told to, or at once."""

    waits: bool = False
    fails: bool = False
    left: list[asyncio.Future[bool]] = field(default_factory=list)

    def settle(self, settlement: Settlement) -> asyncio.Future[bool]:
        self.settled.append(settlement)
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.left.append(done)
        if not self.waits:
            self.end(done)
        return done

    def end(self, done: asyncio.Future[bool]) -> None:
        if self.fails:
            done.set_exception(StoreError("away"))
        else:
            done.set_result(self.held)

    def outcomes(self) -> list[tuple[str, Outcome]]:
        return [(one.claim.channel.id, one.outcome) for one in self.settled]

    def put_off(self) -> list[float]:
        return [one.delay for one in self.settled if one.outcome is Outcome.LATER]


class RunnersKit:
    """Runners over such a platform and queue."""

    def __init__(self, slots: int = 8, width: int = 8, **context: Any) -> None:
        self.stage = Stage(**context)
        self.platform, self.queue = GatedPlatform(width=width), HeldQueue()
        self.stage.context.messenger = self.platform
        self.stage.context.queue = self.queue  # type: ignore[assignment]
        self.stage.store.incidents[TOLD.key] = TOLD
        self.moves = 0
        self.runners = Runners(self.stage.context, slots, self._moved)

    def _moved(self) -> None:
        self.moves += 1

    def claims(self, count: int, tenant: str = "T1", *, seconds: float = 60.0) -> list[Claim]:
        pending = (PendingThread(TOLD.key, TOLD.version, ThreadRecord()),)
        ends = time.monotonic() + seconds
        return [
            Claim(one, "t", ends, replace(ASKED, channel=one), pending)
            for one in (Channel("chat", tenant, f"C{n}") for n in range(count))
        ]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)


@dataclass
class ClaimableQueue(HeldQueue):
    """Hands out these, then nothing. `asked`: for how many, and whether sends are noted."""

    found: list[Claims | StoreError] = field(default_factory=list)
    asked: list[tuple[str, int, bool]] = field(default_factory=list)

    async def claim(self, platform: str, count: int, *, notes_sends: bool = False) -> Claims:
        self.asked.append((platform, count, notes_sends))
        found = self.found.pop(0) if self.found else Claims([], False, None)
        if isinstance(found, StoreError):
            raise found
        return found


class Enough(Exception):
    """Ends a loop that never ends."""


class WorkerKit(RunnersKit):
    """A worker over an platform and a line."""

    def __init__(self, *found: Claims | StoreError, slots: int = 8, width: int = 8) -> None:
        super().__init__(width=width)
        self.queue = self.claimable = ClaimableQueue(found=list(found))
        self.stage.context.queue = self.claimable  # type: ignore[assignment]
        self.worker = Worker(self.stage.context, slots=slots)

    async def run(self, enough: Callable[[], bool], monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """Run it until enough was done; returns the seconds that it waited each time."""
        waits: list[float] = []

        async def wait(event: asyncio.Event, seconds: float) -> bool:
            waits.append(seconds)
            if enough():
                raise Enough
            await asyncio.sleep(0)
            return event.is_set()

        monkeypatch.setattr(module, "wait_for", wait)
        with pytest.raises(Enough):
            await self.worker.run()
        return waits
