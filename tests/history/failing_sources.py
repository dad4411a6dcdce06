"""Thirty days of several pages at once, seen by a bot whose sources fail by a seeded schedule.

Time passes minute by minute around everything that happens: a page that changes, a source that
begins or ceases to fail. In between nothing changes, and nothing is looked at.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from bot.catalog.catalog import Catalog
from bot.catalog.providers import Provider
from bot.domain.errors import SourceError
from bot.domain.evidence import Evidence, Source
from bot.domain.page import Severity, Snapshot
from bot.domain.state import State
from bot.engine.step import on_failure, step
from bot.status.view import StatusView, status_view

START = datetime(2026, 9, 1, tzinfo=UTC)
DAYS = 30
END = START + timedelta(days=DAYS)
MINUTE = timedelta(minutes=1)
# Looked at before and after something happens, in minutes: sooner and later than a last good poll
# ceases to count.
AROUND = (-1, 0, 1, 3, 16)
FAULTS = 8  # of each source in the month
AGES = (1, 2, 3, 7, 20, 90, 600)  # minutes of the copies that caches give


class Fault(StrEnum):
    """A way in which asking for a page fails."""

    TIMEOUT = "no whole answer within 15 s"
    ERROR = "answered 503"
    FOREIGN = "another page stands there"
    CUT = "half of the body came"
    STALE = "a cache answers with an old copy"


# Gives what is to be had of a page at a moment. Raises SourceError: no usable answer.
Shows = Callable[[datetime, Fault | None], Awaitable[Snapshot]]


@dataclass(slots=True)
class FailingSource:
    """One page. `changes` are the moments when it changed; `is_up` tells of a surface whether the
    page really showed it up then.
    """

    provider: str
    every: timedelta
    changes: Sequence[datetime]
    shows: Shows
    is_up: Callable[[str, datetime], bool]
    faults: list[tuple[datetime, datetime, Fault]] = field(default_factory=list)
    asked: datetime | None = None

    def fail(self, rng: random.Random) -> None:
        """Make the schedule: half of the faults come by chance, half when the page changes."""
        for _ in range(FAULTS):
            at = START + MINUTE * rng.randrange(DAYS * 24 * 60)
            if self.changes and rng.random() < 0.5:
                at = rng.choice(self.changes) - MINUTE * rng.randrange(-1, 4)
            lasts = MINUTE * rng.choice([1, 2, 3, 8, 30, 180])
            self.faults.append((at, at + lasts, rng.choice(list(Fault))))

    def fault(self, now: datetime) -> Fault | None:
        return next((what for begin, end, what in self.faults if begin <= now < end), None)

    def edges(self) -> Iterator[datetime]:
        yield from self.changes
        for begin, end, _ in self.faults:
            yield from (begin, end)


@dataclass(slots=True)
class Month:
    """Thirty days of these sources, and what the bot concludes."""

    catalog: Catalog
    sources: Sequence[FailingSource]
    # These answer our probe whatever their page says: a door proves no model.
    probed: Sequence[str] = ()
    states: dict[str, State] = field(default_factory=dict)

    def minutes(self) -> list[datetime]:
        edges = (edge for source in self.sources for edge in source.edges())
        whole = {edge.replace(second=0, microsecond=0) for edge in edges}
        around = {edge + MINUTE * n for edge in whole for n in AROUND}
        return sorted(minute for minute in around if START <= minute < END)

    async def views(self) -> AsyncIterator[StatusView]:
        for now in self.minutes():
            for source in self.sources:
                if source.asked is None or now - source.asked >= source.every:
                    source.asked = now
                    await self._poll(source, now)
            probes = [Evidence(Source.PROBE, one, Severity.UP, now) for one in self.probed]
            view = status_view(self.catalog, self.states, now, probes)
            surfaces = [s.id for s in view.catalog.surfaces()]
            yield replace(view, alternatives=tuple(surfaces))

    async def _poll(self, source: FailingSource, now: datetime) -> None:
        before = self.states.get(source.provider)
        try:
            snapshot = await source.shows(now, source.fault(now))
        except SourceError as error:
            if before:
                self.states[source.provider] = on_failure(before, str(error), now)
        else:
            self.states[source.provider], _ = step(before, snapshot, now, self.catalog)


def copy_age(now: datetime) -> timedelta:
    return MINUTE * random.Random(now.timestamp()).choice(AGES)


# --- recorded pages --------------------------------------------------------------------------


def shifted(value: Any, by: timedelta) -> Any:
    """The same value with every time in it moved."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, tuple):
        return tuple(shifted(one, by) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value,
            **{one.name: shifted(getattr(value, one.name), by) for one in fields(value)},
        )
    return value


@dataclass(eq=False)  # one is one
class Recorded:
    """A recording from `since` on, moved to the beginning of the month."""

    provider: Provider
    polls: Sequence[tuple[datetime, Snapshot | SourceError]]
    since: datetime

    @cached_property
    def moments(self) -> list[tuple[datetime, Snapshot]]:
        by = START - self.since
        return [(at + by, page) for at, page in self.polls if isinstance(page, Snapshot)]

    def place(self, at: datetime) -> int:
        return max(0, bisect_right(self.moments, at, key=lambda one: one[0]) - 1)

    @lru_cache(maxsize=400)  # noqa: B019  # as long as the test
    def page(self, place: int) -> Snapshot:
        moved: Snapshot = shifted(self.moments[place][1], START - self.since)
        return moved

    async def shows(self, now: datetime, fault: Fault | None) -> Snapshot:
        if fault is Fault.STALE:
            age = copy_age(now)
            return replace(self.page(self.place(now - age)), age=age)
        if fault is not None:
            raise SourceError(fault.value)
        return self.page(self.place(now))

    def is_up(self, surface: str, at: datetime) -> bool:
        rows = [
            component.severity
            for component in self.moments[self.place(at)][1].components
            if self.provider.surface_of(component.id, component.name) == surface
        ]
        return bool(rows) and set(rows) == {Severity.UP}

    def source(self) -> FailingSource:
        until = START + timedelta(days=DAYS)
        changes = [at for at, _ in self.moments if START < at < until]
        every = timedelta(seconds=self.provider.every)
        return FailingSource(self.provider.id, every, changes, self.shows, self.is_up)
