"""Writes one provider's past while its page is watched.

What the page's list says was over before us is taken in once, and again where the page edited it;
longer lists are read page by page, one every `PAGE_EVERY`. What each look shows makes spans. What
is older than `keep` is dropped once a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.catalog.catalog import Catalog
from bot.domain.errors import SourceError, StoreError
from bot.domain.page import Component, PageIncident, Severity, Snapshot
from bot.domain.state import State
from bot.evidence.suspicion import Signals
from bot.history.looks import EVER, evidenced, rows_of, whole_since
from bot.history.past import past_incidents, past_of
from bot.history.spans import GAP, READ, Observer, Place, Reading, Span, extended
from bot.history.stores import HistoryStore
from bot.ports import Clock, PagedSource

log = structlog.get_logger()

# So often are spans written that only became longer: as much is lost in a crash, half a gap.
FLUSH = timedelta(minutes=5)
DAY = timedelta(days=1)
WHOLE: Place = (Observer.LIST, READ)
# Polls that pass between two pages of the list: both share the pace of the host (guess).
POLLS_A_PAGE = 4
MOST_PAGES = 40  # of 50 incidents: more than the busiest page has in 400 days


@dataclass(slots=True)
class HistoryKeeper:
    """One provider's past. `polled` and `gathered` may raise `StoreError`: Redis did not answer.

    They are called before the poll is committed: one that failed is taken in again, which writes
    the same again.
    """

    provider: str
    store: HistoryStore
    catalog: Catalog
    clock: Clock
    keep: timedelta
    every: float  # seconds between two polls
    # As the page last showed them: its rows, and what of its list was taken in.
    _rows: tuple[Component, ...] = ()
    _taken: dict[str, PageIncident] = field(default_factory=dict)
    _last: dict[Place, Span] | None = None  # None: to be read from the store
    _flushed_at: datetime | None = None
    _pruned_at: datetime | None = None
    # Set once the page showed a list that was cut at its length.
    _cut: asyncio.Event = field(default_factory=asyncio.Event)

    def forget(self) -> None:
        """Somebody else may have written meanwhile."""
        self._last, self._taken = None, {}

    async def polled(self, snapshot: Snapshot, state: State) -> None:
        """Take in what a poll showed; `state` is what the engine made of it."""
        now = self.clock()
        self._rows = snapshot.components
        if snapshot.recent is not None:
            await self._take_in(past_of(snapshot.recent, state.our_ids))
        rows = rows_of(state.components, self.catalog.provider(self.provider))
        looks = {(Observer.PAGE, surface): look for surface, look in rows.items()}
        await self._look({**looks, (Observer.PAGE, READ): Reading(Severity.UP)}, now)
        if snapshot.recent is not None:
            if (since := whole_since(snapshot)) is not None:
                await self._whole(since, now)
            if snapshot.recent_full:
                self._cut.set()
        if self._pruned_at is None or now - self._pruned_at >= DAY:
            self._pruned_at = now
            await self.store.prune(self.provider, now - self.keep)

    async def gathered(self, signals: Signals) -> None:
        """Take in what our own evidence says."""
        now = self.clock()
        seen = evidenced(signals, now)
        await self._look({(Observer.OURS, surface): look for surface, look in seen.items()}, now)

    async def flush(self) -> None:
        """Write the spans as they are."""
        if self._last:
            await self.store.keep(self.provider, list(self._last.values()))

    async def read_rest(self, page: PagedSource) -> None:
        """Read the list's further pages, where it has any and what is kept does not reach as far.

        Whatever goes wrong, the rest is read at the next start.
        """
        await self._cut.wait()
        try:
            for number in range(2, MOST_PAGES + 1):
                whole = (self._last or {}).get(WHOLE)
                if whole is None or whole.start <= self.clock() - self.keep:
                    return
                await asyncio.sleep(self.every * POLLS_A_PAGE)
                more = await page.older(number)
                if more is None or (more and all(one.id in self._taken for one in more)):
                    return  # it has one page, or shows the same whatever is asked for
                await self._take_in(past_of(more))
                ends = [one.end_at for one in more if one.has_ended]
                if ends or not more:
                    await self._whole(min(ends, default=EVER), self.clock())
                log.info("history.page_read", provider=self.provider, page=number, n=len(more))
        except (SourceError, StoreError) as error:
            log.info("history.rest_left", provider=self.provider, reason=str(error))

    async def _whole(self, since: datetime, now: datetime) -> None:
        """The list is whole since then: continue what was known of it, if the two touch."""
        before = (self._last or {}).get(WHOLE)
        touches = before is not None and since <= before.end
        start = min(before.start, since) if before and touches else since
        looks = before.looks + 1 if before and touches else 1
        span = Span(*WHOLE, Severity.UP, start, now, looks)
        if before is None or before.start != start:
            await self.store.keep(self.provider, [span])
        if self._last is not None:
            self._last[WHOLE] = span

    async def _take_in(self, pages: Sequence[PageIncident]) -> None:
        """Keep those that are new, or that the page edited."""
        now = self.clock()
        oldest = now - self.keep
        new = [one for one in pages if self._taken.get(one.id) != one and one.end_at >= oldest]
        if new:
            past = past_incidents(new, self._rows, self.provider, now, self.catalog)
            await self.store.take_in(self.provider, past)
        self._taken |= {one.id: one for one in pages}

    async def _look(self, looks: Mapping[Place, Reading], now: datetime) -> None:
        gap = max(GAP, timedelta(seconds=3 * self.every))
        if self._last is None:
            stored = await self.store.spans(self.provider, now - gap)
            self._last = {(span.observer, span.surface): span for span in stored}
        longer, changed = extended(self._last, looks, now, gap)
        due = self._flushed_at is None or now - self._flushed_at >= FLUSH
        if due:
            last = {**self._last, **longer}
            changed += [span for span in last.values() if span not in changed]
        await self.store.keep(self.provider, changed)
        # Only now: what could not be written is a change at the next look too. Meanwhile the rest
        # of the list may have been read, or the lease lost.
        if self._last is None:
            return
        self._last |= longer
        self._flushed_at = now if due else self._flushed_at
        listed = self._last.get(WHOLE)
        if listed is not None and (Observer.PAGE, READ) in looks and now - listed.end <= gap:
            # No poll missed it: whatever the list says, we heard of.
            self._last[WHOLE] = replace(listed, end=now)
