"""From committed events, and from what is up again, to destinations that are stale.

Every process runs these loops. Each event is handed to one process, and to another if that one
ends before it acknowledged it. A sweep goes over what is open or ended lately, in case the store
lost what was queued, and for counts of reports that have expired.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.delivery.cache import IncidentCache
from bot.delivery.queue import Queue
from bot.delivery.reminders import is_due
from bot.delivery.stores import EventStream, ReminderStore
from bot.domain.errors import StoreError
from bot.domain.incident import SeenBy
from bot.loops.periodic import StoreBackoff, StoreLoop, wait_for
from bot.ports import Clock, IncidentStore, Takers
from bot.status.view import StatusView

log = structlog.get_logger()

# Seconds; guesses but where a reason stands.
POLL = 1.0
ABANDONED = 5.0  # between reads of what another process took and left
SWEEP = 300.0
REMINDERS = 15.0
RECENTLY = timedelta(hours=2)  # an incident reopened within that goes on in its thread


class FanOut:
    """The loop of one provider: its events become stale channels."""

    def __init__(
        self,
        provider: str,
        incident_store: IncidentStore,
        stream: EventStream,
        incidents: IncidentCache,
        clock: Clock,
        takers: Takers | None = None,
    ) -> None:
        self._takers = takers
        self._provider = provider
        self._incident_store = incident_store
        self._stream = stream
        self._incidents = incidents
        self._clock = clock
        self._wake = asyncio.Event()
        self._read_abandoned_at = 0.0  # monotonic, as is the next
        self._sweep_at = 0.0
        self._backoff = StoreBackoff("fanout", {"provider": provider})

    def wake(self) -> None:
        """Events were committed: read them now."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            try:
                busy = await self.read_events() or await self.read_events(abandoned=True)
                # At the start, and after the store failed, everyone sweeps; else one of all.
                if time.monotonic() >= self._sweep_at:
                    everyone = self._sweep_at == 0.0
                    if everyone or await self._stream.may_sweep(self._provider, SWEEP):
                        await self.sweep()
                    self._sweep_at = time.monotonic() + SWEEP
                self._backoff.answered()
                wait = 0.0 if busy else POLL
            except StoreError as error:
                self._sweep_at = 0.0  # the store may have lost what was queued
                wait = self._backoff.failed(error)
            await wait_for(self._wake, wait)

    async def read_events(self, *, abandoned: bool = False) -> bool:
        """Queue what is new. Returns whether there was anything."""
        if abandoned and time.monotonic() < self._read_abandoned_at:
            return False
        entries = await self._stream.read(self._provider, abandoned=abandoned)
        if abandoned and not entries:
            self._read_abandoned_at = time.monotonic() + ABANDONED
        for key in dict.fromkeys(entry.incident for entry in entries):
            incident = await self._incident_store.incident(key)
            if incident is None:
                log.warning("fanout.unknown_incident", incident=key)
                continue
            self._incidents.put(incident)
            if not incident.is_open and self._takers is not None:
                await self._takers.end(key)  # nobody has to be on it any more
            stale = await self._stream.enqueue(incident)
            log.info("fanout.queued", incident=key, revision=incident.revision, stale=stale)
        if entries:  # not before they are queued: what a crash leaves is read again
            await self._stream.acknowledge(self._provider, entries)
        return bool(entries)

    async def sweep(self) -> int:
        """Queue every channel that is not up to date with what is open or ended recently."""
        state = (await self._incident_store.load(self._provider)).state
        if state is None:
            return 0
        stale = 0
        since = self._clock() - RECENTLY
        for incident in await self._incident_store.history(self._provider, since):
            if incident.seen_by is SeenBy.PAGE:
                continue  # history, never news
            # What ran already when the page was first read is told only as it goes on.
            if incident.events and incident.events[-1].observed_at > state.began_at:
                self._incidents.put(incident)
                stale += await self._stream.enqueue(incident, keep=incident.is_open)
        if stale:
            log.info("fanout.swept", provider=self._provider, stale=stale)
        return stale


class ReminderFanOut(StoreLoop):
    """The loop of reminders: those whose surfaces are up make their destinations stale."""

    def __init__(
        self,
        reminders: ReminderStore,
        queue: Queue,
        view: Callable[[], Awaitable[StatusView]],
        clock: Clock,
        *,
        interval: float = REMINDERS,
    ) -> None:
        super().__init__("reminders", interval)
        self._reminders = reminders
        self._queue = queue
        self._view = view
        self._clock = clock

    async def queue_due(self) -> bool:
        """Queue the destinations of all reminders that are due.

        Raises:
            StoreError: the store did not answer; the rest is found at the next pass.
        """
        reminders = await self._reminders.all()
        if not reminders:
            return False
        view, now = await self._view(), self._clock()
        for reminder in reminders:
            if is_due(reminder, view.verdict, now):
                await self._queue.mark_stale(reminder.channel, [reminder])
        return False
