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
from bot.domain.page import Snapshot
from bot.domain.state import State
from bot.engine.blindness import with_blindness
from bot.engine.detection import detect
from bot.engine.endings import needed_lists
from bot.engine.step import on_failure, step
from bot.engine.suspected import suspected_in, without_suspected
from bot.evidence.suspicion import Signals
from bot.loops.history import HistoryKeeper
from bot.loops.periodic import PageBackoff, StoreBackoff
from bot.ports import Clock, IncidentStore, PagedSource, PageSource, VersionedState

log = structlog.get_logger()

# Shorter than half the lease: one renewal may fail, and another watcher still takes over
# within 15 s of our end.
RENEW_SECONDS = 4.0
# Seconds between two polls, however many hints come (a webhook may send hundreds): a guess.
LEAST_PAUSE = 2.0
MOST_NAMED = 10  # components in a log line (guess)
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
    _oddities: tuple[str, ...] = ()  # of the last poll
    _unlisted: tuple[str, ...] = ()  # components of the last poll that the catalogue lacks
    _page_backoff: PageBackoff = field(init=False)
    _store_backoff: StoreBackoff = field(init=False)

    def __post_init__(self) -> None:
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
                if self.history is not None and self.leads:
                    await self.history.flush()
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
        before = without_suspected(known.state) if known.state else None
        try:
            state, changed, snapshot = await self._read(before)
        except SourceError as error:
            self.polls["failed"] += 1
            if before is not None:
                await self._commit(known, fence, on_failure(before, str(error), self.clock()), [])
            pause = self._jittered(self._page_backoff.failed(error))
            return max(pause, self._page_backoff.retry_after)
        if self.history is not None:
            await self.history.polled(snapshot, state)
        await self._commit(known, fence, state, changed)
        self.polls["good"] += 1
        self._page_backoff.answered()
        return self._jittered(self.poll_seconds)

    async def _read(self, before: State | None) -> tuple[State, Sequence[Incident], Snapshot]:
        """Poll, and step the engine: the state, what changed, and what the page showed.

        Raises:
            SourceError: the page could not be read, or a fault of ours kept us from reading it.
        """
        provider = self.catalog.provider(self.page.provider)
        try:
            snapshot = await self.page.poll(partial(needed_lists, before, now=self.clock()))
            state, changed = step(before, snapshot, self.clock(), self.catalog)
        except SourceError:
            raise
        except Exception as error:
            # For this page alone: others are still watched, and the next poll may show something
            # that can be read.
            log.debug("watcher.fault", provider=self.page.provider, exc_info=error)
            raise SourceError(f"our own fault in reading it: {where(error)}") from error
        if snapshot.list_failure:
            log.info("page.list_failed", provider=state.provider, reason=snapshot.list_failure)
        # What the page wrote that could not be understood: once, until that changes.
        new = [oddity for oddity in snapshot.oddities if oddity not in self._oddities]
        self._oddities = snapshot.oddities
        if new:
            log.warning("page.odd", provider=state.provider, oddities=new)
        unlisted = tuple(c.name for c in snapshot.components if not provider.knows(c.id))
        if unlisted and unlisted != self._unlisted:
            # Their incidents are told to those who asked for everything, under no surface's name.
            first = unlisted[:MOST_NAMED]
            log.info("page.unlisted", provider=provider.id, components=first, count=len(unlisted))
        self._unlisted = unlisted
        flaps = state.debounced - (before.debounced if before else 0)
        if flaps:
            log.info("page.debounced", provider=state.provider, flaps=flaps, ever=state.debounced)
        return state, changed, snapshot

    async def _with_signals(
        self, known: VersionedState, state: State, changed: Sequence[Incident]
    ) -> tuple[State, Sequence[Incident]]:
        """Add what other evidence says to what the page said."""
        now = self.clock()
        signals = await self.signals(self.page.provider, now) if self.signals else Signals()
        if self.history is not None:
            await self.history.gathered(signals)
        try:
            return detect(known.state, state, changed, signals, now, self.catalog)
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
