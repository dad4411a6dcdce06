"""The parts of delivery over their stores: the fan-outs, and one worker a platform.

Opened in one place, run together, and ended in order.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

from bot.delivery.blindness import BlindnessFanOut
from bot.delivery.board import BoardFanOut
from bot.delivery.cache import IncidentCache, MessageCache, TimedCache
from bot.delivery.context import DeliveryContext
from bot.delivery.escalation import EscalationFanOut
from bot.delivery.fanout import FanOut, ReminderFanOut
from bot.delivery.people_lines import ReportLines
from bot.delivery.platform_health import PlatformHealth, announcing_in
from bot.delivery.queue import Queue
from bot.delivery.schedule import ScheduleFanOut, Timetable
from bot.delivery.stores import EventStream, RateLimiter, ReminderStore
from bot.delivery.switch_lines import SwitchLines
from bot.delivery.worker import Worker
from bot.domain.subscription import Channel
from bot.messenger import Messenger
from bot.ports import Clock, IncidentStore, Subscriptions, Takers
from bot.status.digest import digest_for
from bot.status.service import StatusService, StatusStores

VIEWED_EVERY = 2.0  # seconds: many reminders fall due at once, and one view serves them (guess)


class DeliveryStores(StatusStores, Protocol):
    """The stores that delivery works over, those of the status service among them."""

    @property
    def incident_store(self) -> IncidentStore: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def stream(self) -> EventStream: ...
    @property
    def reminders(self) -> ReminderStore: ...
    @property
    def timetable(self) -> Timetable: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def takers(self) -> Takers: ...
    @property
    def rate_limiter(self) -> RateLimiter: ...


class Loop(Protocol):
    """A loop that makes channels stale, or serves those that are."""

    def wake(self) -> None: ...

    async def run(self) -> None: ...


class Outbox:
    """Everything that tells channels something unasked."""

    def __init__(
        self, stores: DeliveryStores, status: StatusService, clock: Clock, labels: Mapping[str, str]
    ) -> None:
        """`labels`: platform → what people call it."""
        self.health = PlatformHealth(time.monotonic, labels)
        self.workers: dict[str, Worker] = {}  # by platform
        self._stores = stores
        self._status = status
        self._clock = clock
        self._views = TimedCache(status.view, VIEWED_EVERY)
        self._incidents = incidents = IncidentCache(stores.incident_store, status.catalog.providers)
        providers, store = list(status.catalog.providers), stores.incident_store
        self._fan_outs: list[Loop] = [
            *(
                FanOut(name, store, stores.stream, incidents, clock, stores.takers)
                for name in providers
            ),
            EscalationFanOut(providers, store, stores.stream, clock),
            ReminderFanOut(stores.reminders, stores.queue, status.view, clock),
            BlindnessFanOut(providers, store, stores.stream, clock),
            BoardFanOut(self._views, stores.stream),
            ScheduleFanOut(
                stores.timetable, stores.subscriptions, store, stores.queue, providers, clock
            ),
        ]

    def committed(self) -> None:
        """Events were committed: hand them on now, not a second later."""
        for fan_out in self._fan_outs:
            fan_out.wake()

    def queued(self) -> None:
        """Channels were put in the queue: serve them now."""
        for worker in self.workers.values():
            worker.wake()

    def data_lost(self) -> None:
        """Forget what was read before the store lost everything: it counts from 1 again."""
        self._incidents.clear()

    def open_workers(self, messengers: Iterable[Messenger]) -> None:
        """Give each platform its worker; before `run`."""
        stores, catalog = self._stores, self._status.catalog
        complete = all(provider.known for provider in catalog.providers.values())
        switch_lines = SwitchLines(self._views, stores.alternatives.all, self._status.usable)
        for messenger in messengers:
            context = DeliveryContext(
                messenger=messenger,
                queue=stores.queue,
                rate_limiter=stores.rate_limiter,
                incidents=self._incidents,
                messages=MessageCache(catalog),
                clock=self._clock,
                rng=random.Random(),  # noqa: S311 (jitter, no secret)
                health=self.health,
                report_lines=ReportLines(
                    stores.evidence.reports, catalog, self._clock, takers=stores.takers
                ),
                takers=stores.takers,
                switch_lines=switch_lines,
                digest_for=partial(digest_for, self._status),
                views=self._views,
                learn=None if complete else self._status.learn,
            )
            self.workers[messenger.platform] = Worker(context)

    async def run(self) -> None:
        """Run the fan-outs and the workers until cancelled."""
        async with asyncio.TaskGroup() as group:
            for loop in (*self._fan_outs, *self.workers.values()):
                group.create_task(loop.run())

    async def announce_outages(self, channel: Channel) -> None:
        """Log outages of platforms until cancelled, and tell this channel of those of others."""
        worker = self.workers.get(channel.platform)
        tell = announcing_in(worker.context.messenger, channel, self._clock) if worker else None
        await self.health.run(tell)

    async def stop(self, patience: float) -> None:
        """Finish the calls in flight, within so many seconds; the rest stays queued."""
        await asyncio.gather(*(worker.stop(patience) for worker in self.workers.values()))
