"""The context that the attempts of one platform share."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.catalog.catalog import Catalog
from bot.delivery.cache import IncidentCache, MessageCache, TimedCache
from bot.delivery.people_lines import ReportLines
from bot.delivery.platform_health import PlatformHealth
from bot.delivery.queue import Queue
from bot.delivery.stores import RateLimiter
from bot.delivery.switch_lines import SwitchLines
from bot.domain.quiet import Period
from bot.domain.subscription import Channel, Subscription
from bot.messenger import Messenger
from bot.ports import Clock, Takers
from bot.status.digest import Digest
from bot.status.view import StatusView


async def no_failpoint(_: str) -> None:
    """Tests crash at these points; nobody else does."""


@dataclass(slots=True)
class DeliveryCounts:
    """Counts of a worker since it was started, for logs and metrics."""

    opened: int = 0
    replied: int = 0
    revised: int = 0
    reminded: int = 0
    noticed: int = 0  # messages outside threads, but for reminders
    adopted: int = 0  # sent before, recorded only now
    searched: int = 0
    failed: int = 0
    parked: int = 0
    refused: int = 0  # by a limit of the platform


@dataclass(slots=True)
class DeliveryContext:
    """The context of every attempt of one platform."""

    messenger: Messenger
    queue: Queue
    rate_limiter: RateLimiter
    incidents: IncidentCache
    messages: MessageCache
    clock: Clock
    rng: random.Random
    health: PlatformHealth
    report_lines: ReportLines | None = None  # None: nobody can report anything
    switch_lines: SwitchLines | None = None  # None: nobody can say what they use instead
    views: TimedCache[StatusView] | None = None  # None: nothing is known to be back, no boards
    send_seconds: float = 10.0  # how long one call may take (guess)
    time_scale: float = 1.0  # waits after failures are divided by it, for tests
    failpoint: Callable[[str], Awaitable[None]] = no_failpoint
    counts: DeliveryCounts = field(default_factory=DeliveryCounts)
    stopping: bool = False
    crowded: bool = False  # more channels wait than were claimed last
    # The catalogue with what pages call their parts that are known by their URL alone; None: there
    # is no such page.
    learn: Callable[[], Awaitable[Catalog]] | None = None
    takers: Takers | None = None  # None: nobody can take an incident
    # What a channel's digest of a period tells; None: nobody gathers it.
    digest_for: Callable[[Subscription, Period], Awaitable[Digest]] | None = None
    # Not before this moment (monotonic) may another message go to a channel.
    next_send_at: dict[Channel, float] = field(default_factory=dict)


class NotNowError(Exception):
    """The rest is for later: a limit named a time (`at`), or the channel needs a pause."""

    def __init__(self, *, at: float | None = None, delay: float = 0.0) -> None:
        super().__init__()
        self.at = at
        self.delay = delay
