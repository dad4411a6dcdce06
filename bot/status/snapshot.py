"""The present as the stores hold it, read once for everybody who asks.

A view is made anew for each answer, since ages, decay and freshness depend on its moment; what it
is made from is read when something was written here, or after `fresh_for`, by one reader at a time.
While the store does not answer, the last that was read serves, as pages do that cannot be polled:
answers say how old it is, and it counts for the present no longer than theirs (`view.is_fresh`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.errors import StoreError
from bot.domain.state import State
from bot.evidence.collector import Collector
from bot.evidence.sources import Collected
from bot.ports import Clock, IncidentReader

# Another process may have written meanwhile; far below the time between two polls.
FRESH_FOR = timedelta(seconds=1)
# Seconds that a reader waits for the store if there is something to answer with (a guess).
PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class StoredStatus:
    """Everything that was stored at one moment."""

    at: datetime
    states: Mapping[str, State]  # by provider; those that were ever polled
    evidence: Collected


async def read_snapshot(
    catalog: Catalog, incident_store: IncidentReader, collector: Collector | None, now: datetime
) -> StoredStatus:
    """Read it all; without a collector there is no evidence but the pages.

    Raises:
        StoreError: the store did not answer.
    """
    states = {
        provider: state
        for provider in catalog.providers
        if (state := (await incident_store.load(provider)).state)
    }
    return StoredStatus(now, states, await collector.collect(now) if collector else lambda _: ())


@dataclass(slots=True)
class SharedSnapshot:
    """The snapshot that every reader of this process shares."""

    incident_store: IncidentReader
    collector: Collector | None
    clock: Clock
    fresh_for: timedelta = timedelta(0)  # none: read anew each time
    # Why the store could not be read at the last try; empty if it could.
    failure: str = ""
    # Called when something was written.
    hearers: list[Callable[[], None]] = field(default_factory=list)
    _last: StoredStatus | None = None
    _tried_at: datetime | None = None  # None: something was written since
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def expire(self) -> None:
        """Something was written: whoever asks next reads it."""
        self._tried_at = None
        for hear in self.hearers:
            hear()

    async def get(self, catalog: Catalog) -> StoredStatus:
        """Return what is stored, or what was when the store answered last.

        Raises:
            StoreError: the store does not answer, and never did.
        """
        async with self._reading:
            now, last, tried = self.clock(), self._last, self._tried_at
            fresh = tried is not None and timedelta(0) <= now - tried < self.fresh_for
            if last is not None and fresh:
                return last
            self._tried_at = now  # before it is read: what is written meanwhile expires it
            try:
                async with asyncio.timeout(PATIENCE if last else None):
                    found = await read_snapshot(catalog, self.incident_store, self.collector, now)
                self.failure = ""
            except (StoreError, TimeoutError) as error:
                if last is None:
                    raise
                self.failure = str(error) or "no answer in time"
                found = blind(last, "our own store does not answer")
            self._last = found
            return found


def blind(snapshot: StoredStatus, why: str) -> StoredStatus:
    """The same, as that of pages that could not be read since then."""
    return replace(
        snapshot,
        states={
            provider: state
            if state.failing_since
            else replace(state, failing_since=snapshot.at, failure=why)
            for provider, state in snapshot.states.items()
        },
    )
