"""From committed news to channels that are behind, for one provider.

Every process runs one; each piece of news is handed to one of them, and to another if that one
dies. A sweep goes over what is open or ended lately, in case Redis lost what was queued.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta

import structlog

from bot.delivery.incidents import IncidentCache
from bot.delivery.queue import EventStream
from bot.domain.errors import StoreError
from bot.domain.incident import Incident
from bot.ports import Clock, IncidentStore

log = structlog.get_logger()

POLL = 1.0
ABANDONED = 5.0  # seconds between looks for news that a dead reader left
SWEEP = 300.0
LONGEST_BACKOFF = 10.0
LATELY = timedelta(hours=2)


class FanOut:
    def __init__(
        self,
        provider: str,
        incident_store: IncidentStore,
        feed: EventStream,
        incidents: IncidentCache,
        clock: Clock,
    ) -> None:
        self._provider = provider
        self._incident_store = incident_store
        self._feed = feed
        self._incidents = incidents
        self._clock = clock
        self._wake = asyncio.Event()
        self._abandoned_at = 0.0
        self._sweep_at = 0.0
        self._trouble = 0

    def wake(self) -> None:
        """News were committed: read them now."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            wait = await self._go_on()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _go_on(self) -> float:
        try:
            busy = await self.read_news() or await self.read_news(abandoned=True)
            await self._sweep_if_due()
        except StoreError as error:
            return self._store_failed(error)
        if self._trouble:
            log.info("fanout.store_recovered", provider=self._provider)
        self._trouble = 0
        return 0.0 if busy else POLL

    def _store_failed(self, error: StoreError) -> float:
        if not self._trouble:
            log.error("fanout.store_failed", provider=self._provider, reason=str(error))
        self._trouble += 1
        self._sweep_at = 0.0  # it may have lost what was queued
        return min(0.1 * 2.0 ** min(self._trouble, 16), LONGEST_BACKOFF)

    async def read_news(self, *, abandoned: bool = False) -> bool:
        """Queue what is new. Returns whether there was anything."""
        if abandoned and time.monotonic() < self._abandoned_at:
            return False
        entries = await self._feed.read(self._provider, abandoned=abandoned)
        if abandoned and not entries:
            self._abandoned_at = time.monotonic() + ABANDONED
        for key in dict.fromkeys(entry.incident for entry in entries):
            await self._queue(key)
        if entries:
            await self._feed.done(self._provider, entries)
        return bool(entries)

    async def sweep(self) -> int:
        """Queue every channel that is behind with what is open or ended lately."""
        state = (await self._incident_store.load(self._provider)).state
        behind = 0
        for incident in await self._incident_store.history(self._provider, self._clock() - LATELY):
            if state is None or not _is_news(incident, state.began_at):
                continue
            self._incidents.put(incident)
            behind += await self._feed.enqueue(incident, keep=incident.is_open)
        return behind

    async def _sweep_if_due(self) -> None:
        if time.monotonic() < self._sweep_at:
            return
        # After trouble, and at the start, everyone sweeps; else one of all.
        alone = self._sweep_at == 0.0 or await self._feed.may_sweep(self._provider, SWEEP)
        if alone and (behind := await self.sweep()):
            log.info("fanout.swept", provider=self._provider, behind=behind)
        self._sweep_at = time.monotonic() + SWEEP

    async def _queue(self, key: str) -> None:
        incident = await self._incident_store.incident(key)
        if incident is None:
            log.warning("fanout.unknown_incident", incident=key)
            return
        self._incidents.put(incident)
        behind = await self._feed.enqueue(incident)
        log.info("fanout.queued", incident=key, revision=incident.revision, behind=behind)


def _is_news(incident: Incident, began_at: datetime) -> bool:
    """What ran already when we first looked at the page is told only as it goes on."""
    return bool(incident.events) and incident.events[-1].observed_at > began_at
