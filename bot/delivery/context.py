"""What visits share, and what one keeps while it lasts."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.delivery.cache import MessageCache
from bot.delivery.incidents import IncidentCache
from bot.delivery.queue import PendingThread, Queue, RateLimiter, ThreadUpdate
from bot.domain.incident import Incident
from bot.domain.subscription import Channel, ThreadRecord
from bot.ports import Clock, Messenger


async def no_failpoint(_: str) -> None:
    """Tests crash at these points; nobody else does."""


@dataclass(slots=True)
class DeliveryCounts:
    """What a courier did since it was started, for logs and metrics."""

    opened: int = 0
    replied: int = 0
    revised: int = 0
    adopted: int = 0  # sent before, recorded only now
    looked: int = 0
    failed: int = 0
    parked: int = 0
    refused: int = 0  # by a limit of the platform


def no_tally(_: Channel, __: Incident) -> str:
    """Nobody reports anything."""
    return ""


@dataclass(slots=True)
class DeliveryContext:
    """What every visit of one platform shares. `tally`: what a channel's people report, in a line.

    `send_seconds`: how long one call may take. `haste`: waits after failures are divided by it
    (tests are in a hurry).
    """

    messenger: Messenger
    queue: Queue
    rate_limiter: RateLimiter
    incidents: IncidentCache
    cards: MessageCache
    clock: Clock
    rng: random.Random
    send_seconds: float = 10.0
    time_scale: float = 1.0
    failpoint: Callable[[str], Awaitable[None]] = no_failpoint
    counts: DeliveryCounts = field(default_factory=DeliveryCounts)
    report_count: Callable[[Channel, Incident], str] = no_tally
    stopping: bool = False
    quiet_until: dict[Channel, float] = field(default_factory=dict)  # monotonic


class NotNowError(Exception):
    """The rest is for later: a limit named a time (`at`), or the channel needs a pause."""

    def __init__(self, *, at: float | None = None, delay: float = 0.0) -> None:
        super().__init__()
        self.at = at
        self.delay = delay


@dataclass(slots=True)
class ThreadTask:
    """One incident that the channel is behind with."""

    wanted: PendingThread
    incident: Incident | None
    thread: ThreadRecord
    settled: bool = False

    @property
    def record(self) -> ThreadUpdate:
        return ThreadUpdate(self.wanted, self.thread, self.incident, self.settled)

    @property
    def is_new(self) -> bool:
        return self.settled or self.thread is not self.wanted.thread
