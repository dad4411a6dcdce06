"""Ninety days of each surface as a strip: one bar a day, as high as the worst that the page said.

The figures read months of history, so they are reckoned now and then for all pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.errors import StoreError
from bot.domain.page import Severity
from bot.history.figures import SurfaceUptime
from bot.history.uptime import Uptime
from bot.messages.charts import HEIGHTS
from bot.messages.durations import duration

if TYPE_CHECKING:
    from adapters.web.app import Web

DAYS = 90
KEPT = 60.0  # seconds, and at least so long whatever is written meanwhile:
SOONEST = 2.0
BAR, HEIGHT = 4, 20  # of one day, in the picture's own units; a quarter of it is the gap
# What is drawn over what, where days are the same colour they make one path.
_ORDER = (
    Severity.UNKNOWN,
    Severity.UP,
    Severity.MAINTENANCE,
    Severity.DEGRADED,
    Severity.PARTIAL,
    Severity.MAJOR,
)


@dataclass(frozen=True, slots=True)
class BadDay:
    """A day on which it was not up all the time, as a line of a table."""

    day: datetime
    severity: Severity
    lengths: str


@dataclass(frozen=True, slots=True)
class Strip:
    """One surface over the days. `words` say what the picture shows."""

    paths: tuple[tuple[Severity, str], ...]
    width: int
    figure: str
    observed: str
    words: str
    bad: tuple[BadDay, ...]
    known: str


@dataclass(slots=True)
class Strips:
    """The strips of all surfaces, as they were reckoned last."""

    _strips: Mapping[str, Strip] = field(default_factory=dict)
    _reckoned_at: float | None = None
    _reckoning: asyncio.Lock = field(default_factory=asyncio.Lock)
    _written: bool = False

    def expire(self) -> None:
        """Something was written that they may show."""
        self._written = True

    async def get(self, web: Web) -> Mapping[str, Strip]:
        """By surface; those of before while our store does not answer."""
        async with self._reckoning:
            now = web.monotonic()
            kept = SOONEST if self._written else KEPT
            if self._reckoned_at is None or now - self._reckoned_at >= kept:
                self._written = False
                try:
                    report = await web.status.uptime(length=timedelta(days=DAYS))
                except StoreError:
                    return self._strips
                self._strips = {one.surface: strip_of(one) for one in report.surfaces}
                self._reckoned_at = now
            return self._strips


def strip_of(one: SurfaceUptime) -> Strip:
    """Draw one surface."""
    days = one.days[-DAYS:]
    paths = []
    for severity in _ORDER:
        places = [place for place, day in enumerate(days) if day.worst is severity]
        if places:
            high = round(HEIGHT * HEIGHTS[severity], 1)  # told apart without colours
            bars = "".join(
                f"M{BAR * place} {HEIGHT - high:g}h{BAR - 1}v{high:g}h-{BAR - 1}z"
                for place in places
            )
            paths.append((severity, bars))
    bad = [day for day in days if day.worst.rank > Severity.UP.rank]
    figure = percent(one.official.weighted)
    return Strip(
        paths=tuple(paths),
        width=BAR * len(days) - 1,
        figure=figure,
        observed=percent(one.observed.weighted),
        words=_words(figure, days, bad),
        bad=tuple(BadDay(day.start, day.worst, _lengths(day)) for day in reversed(bad)),
        known=duration(one.official.known),
    )


def percent(share: float | None) -> str:
    """A share as people write it, never rounded up to a hundred; empty: nothing is known."""
    if share is None:
        return ""
    return "100 %" if share >= 1 else f"{int(share * 10_000) / 100:.2f} %"


def _words(figure: str, days: Sequence[Uptime], bad: Sequence[Uptime]) -> str:
    if not figure:
        return f"Nothing is known of the last {len(days)} days."
    unknown = sum(day.worst is Severity.UNKNOWN for day in days)
    said = f"{figure} up in {len(days)} days; trouble on {len(bad)}"
    return said + (f", nothing known of {unknown}." if unknown else ".")


def _lengths(day: Uptime) -> str:
    """How long it was how bad: "major outage 40 min, degraded 2 h"."""
    impaired = sorted((s for s in day.lengths if s.rank > Severity.UP.rank), key=lambda s: -s.rank)
    return ", ".join(f"{s.words} {duration(day.lengths[s])}" for s in impaired)
