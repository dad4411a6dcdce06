"""The loop that watches one page: poll, step the engine, commit. One watcher at a time.

It holds a lease while it works; every commit carries the lease's fencing number, so that a watcher
that was stopped beyond its lease can write nothing. No error ends it: a page that fails or a Redis
that is away only makes the next poll later, and is logged once.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.catalog.catalog import Catalog
from bot.diagnostics import where
from bot.domain.errors import SourceError, StoreError, Superseded
from bot.domain.incident import EventKind, Incident
from bot.domain.state import State
from bot.engine.blindness import with_blindness
from bot.engine.detection import detect
from bot.engine.endings import needed_lists
from bot.engine.step import on_failure, step
from bot.engine.suspected import suspected_in, without_suspected
from bot.evidence.suspicion import Signals
from bot.loops.history import HistoryKeeper
from bot.loops.page_log import PageLog
from bot.loops.periodic import PageBackoff, StoreBackoff
from bot.ports import Clock, IncidentStore, PagedSource, PageSource, VersionedState
from bot.status.view import counts_for

log = structlog.get_logger()

# Shorter than half the lease: one renewal may fail, and another watcher still takes over
# within 15 s of our end.
RENEW_SECONDS = 4.0
# Seconds between two polls, however many hints come (a webhook may send hundreds): a guess.
LEAST_PAUSE = 2.0
JITTER = 0.1  # of the interval, sooner: many bots should not poll one page in step


@dataclass(slots=True)
class Watcher:
    """Watches `page` and commits to `incident_store`; calls `on_commit` when there is news."""

    page: PageSource
    incident_store: IncidentStore
    catalog: Catalog
    clock: Clock
    rng: random.Random
    holder: str  # of the lease: names this process
    poll_seconds: float
    on_commit: Callable[[], None]
    # Called after each poll that was stored, whether there are events or not.
    on_state: Callable[[], None] = lambda: None
    # Set from outside (a webhook, a question while blind): poll now instead of at the next turn.
    hint: asyncio.Event = field(default_factory=asyncio.Event)
    # Set after the first poll, whatever came of it, or when another process turns out to watch.
    polled: asyncio.Event = field(default_factory=asyncio.Event)
    # What other evidence says of one provider's surfaces; None: nobody gathers any.
    signals: Callable[[str, datetime], Awaitable[Signals]] | None = None
    # For so long the page may fail before channels hear of it, if something is wrong (a guess).
    blind_after: timedelta = timedelta(minutes=10)
    # Writes down what each poll shows; None: nobody asks for the past.
    history: HistoryKeeper | None = None
    # Since the start, for the metrics: polls by outcome, events by kind.
    polls: Counter[str] = field(default_factory=lambda: Counter(good=0, failed=0))
    events: Counter[str] = field(default_factory=lambda: Counter({k.value: 0 for k in EventKind}))
    _fence: int | None = None
    _leased: asyncio.Event = field(default_factory=asyncio.Event)
    _known: VersionedState | None = None  # as committed last; None: it has to be loaded
    _page_log: PageLog = field(init=False)
    _page_backoff: PageBackoff = field(init=False)
    _store_backoff: StoreBackoff = field(init=False)

    def __post_init__(self) -> None:
        self._page_log = PageLog(self.page.provider)
        self._page_backoff = PageBackoff(self.page.provider, self.poll_seconds)
        self._store_backoff = StoreBackoff("watcher", {"provider": self.page.provider})

    @property
    def leads(self) -> bool:
        """Whether, of all replicas, this one watches the page now."""
        return self._fence is not None

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_lease())
                tasks.create_task(self._keep_polling())
                if self.history is not None and isinstance(self.page, PagedSource):
                    tasks.create_task(self.history.read_rest(self.page))
        finally:
            try:
                try:
                    if self.history is not None and self.leads:
                        await self.history.flush()
                finally:  # the store's calls end a task that was cancelled, once they are done
                    await self.incident_store.release(self.page.provider, self.holder)
            except StoreError as error:
                log.info("watcher.lease_left", reason=str(error))  # it ends by itself

    async def _keep_lease(self) -> None:
        while True:
            try:
                fence = await self.incident_store.acquire(self.page.provider, self.holder)
            except StoreError as error:
                self._store_backoff.failed(error)  # renewed in time or not at all: no other pause
                fence = None
            else:
                if fence is None:
                    self.polled.set()
            if fence != self._fence:
                self._known = None  # somebody else may have written meanwhile
                if self.history is not None:
                    self.history.forget()
                log.info("watcher.lease", provider=self.page.provider, held=fence is not None)
            self._fence = fence
            self._leased.set() if fence is not None else self._leased.clear()
            await asyncio.sleep(RENEW_SECONDS)

    async def _keep_polling(self) -> None:
        while True:
            await self._leased.wait()
            self.hint.clear()
            wait = await self.poll()
            self.polled.set()
            pause = min(wait, max(LEAST_PAUSE, self._page_backoff.retry_after))
            await asyncio.sleep(pause)
            try:
                await asyncio.wait_for(self.hint.wait(), wait - pause)
            except TimeoutError:
                continue

    async def poll(self) -> float:
        """Poll once and commit what follows. Returns the seconds until the next poll."""
        if self._fence is None:
            return RENEW_SECONDS
        try:
            known = self._known or await self.incident_store.load(self.page.provider)
            return await self._take_in(known, self._fence)
        except Superseded:
            log.info("watcher.superseded", provider=self.page.provider)
            self._known = None
            return self._jittered(self.poll_seconds)
        except StoreError as error:
            self._store_backoff.failed(error)
            self._known = None
            return RENEW_SECONDS  # no later than the lease is renewed

    async def _take_in(self, known: VersionedState, fence: int) -> float:
        before, now = without_suspected(known.state) if known.state else None, self.clock()
        try:
            snapshot = await self.page.poll(partial(needed_lists, before, now=now))
            state, changed = step(before, snapshot, self.clock(), self.catalog)
        except SourceError as error:
            return await self._page_failed(known, fence, error)
        except Exception as error:
            # For this page alone: others are still watched, and the next poll may show something
            # that can be read.
            log.debug("watcher.fault", provider=self.page.provider, exc_info=error)
            fault = SourceError(f"our own fault in reading it: {where(error)}")
            return await self._page_failed(known, fence, fault)
        flaps = state.debounced - (before.debounced if before else 0)
        provider = self.catalog.provider(self.page.provider)
        self._page_log.polled(snapshot, provider, flaps, state.debounced)
        if self.history is not None:
            await self.history.polled(snapshot, state)
        await self._commit(known, fence, state, changed)
        self.polls["good"] += 1
        self._page_backoff.answered()
        # Sooner than a page has anything new it need not be asked; yet never so seldom that one
        # poll which fails would make it unknown.
        longest = counts_for(self.poll_seconds) / 2
        pause = min(snapshot.good_for, longest).total_seconds()
        return max(self._jittered(self.poll_seconds), pause)

    async def _page_failed(self, known: VersionedState, fence: int, error: SourceError) -> float:
        self.polls["failed"] += 1
        if known.state is not None:
            state = on_failure(without_suspected(known.state), str(error), self.clock())
            await self._commit(known, fence, state, [])
        pause = self._jittered(self._page_backoff.failed(error))
        return max(pause, self._page_backoff.retry_after)

    async def _with_signals(
        self, known: VersionedState, state: State, changed: Sequence[Incident]
    ) -> tuple[State, Sequence[Incident]]:
        """Add what other evidence says to what the page said."""
        now = self.clock()
        signals = await self.signals(self.page.provider, now) if self.signals else Signals()
        if self.history is not None:
            await self.history.gathered(signals)
        try:
            names = {id_: component.name for id_, component in state.components.items()}
            catalog = self.catalog.seen(state.provider, names)
            return detect(known.state, state, changed, signals, now, catalog)
        except Exception as error:
            # A fault of ours: what the page says is committed all the same, and what is suspected
            # stays as it was.
            log.warning("watcher.suspicion_fault", fault=where(error))
            kept = {**suspected_in(known.state), **state.incidents}
            before = known.state.suspicions if known.state else {}
            return replace(state, incidents=kept, suspicions=before), changed

    async def _commit(
        self, known: VersionedState, fence: int, state: State, changed: Sequence[Incident]
    ) -> None:
        state, changed = await self._with_signals(known, state, changed)
        if self.page.provider not in self.catalog.by_default:
            kept = {id_: replace(one, by_default=False) for id_, one in state.incidents.items()}
            state = replace(state, incidents=kept)
            changed = [replace(one, by_default=False) for one in changed]
        state = with_blindness(state, self.clock(), self.blind_after)
        await self.incident_store.commit(
            self.page.provider, fence=fence, version=known.version, state=state, changed=changed
        )
        self._known = VersionedState(state, known.version + 1)
        self.on_state()
        self._store_backoff.answered()
        before = known.state.incidents if known.state else {}
        for incident in changed:
            if incident.id in before and before[incident.id].revision == incident.revision:
                continue  # something is remembered of it, but nothing happened
            event = incident.events[-1]
            self.events[event.kind.value] += 1
            log.info(
                "incident.event",
                incident=incident.key,
                revision=event.revision,
                kind=event.kind.value,
                severity=event.severity.value,
            )
        seen = known.state.blindness if known.state else None
        if changed or state.blindness != seen:
            self.on_commit()

    def _jittered(self, seconds: float) -> float:
        return seconds * self.rng.uniform(1 - JITTER, 1)
