"""Ninety days of a surface as a strip: one bar a day, as high as the worst that the page said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.page import Severity
from bot.history.figures import SurfaceUptime
from bot.history.uptime import Uptime
from bot.messages.charts import HEIGHTS
from bot.messages.durations import duration
from bot.status.service import StatusService

DAYS = 90
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
    # How long it was how bad: "major outage 40 min, degraded 2 h".
    lengths: str

    @classmethod
    def of(cls, day: Uptime) -> BadDay:
        impaired = [s for s in day.lengths if s.rank > Severity.UP.rank]
        worst_first = sorted(impaired, key=lambda s: -s.rank)
        told = ", ".join(f"{s.words} {duration(day.lengths[s])}" for s in worst_first)
        return cls(day.start, day.worst, told)


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


async def strips_of(status: StatusService) -> Mapping[str, Strip]:
    """Return the strips of all surfaces. Raises: StoreError."""
    report = await status.uptime(length=timedelta(days=DAYS))
    return {one.surface: strip_of(one) for one in report.surfaces}


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
    words = f"Nothing is known of the last {len(days)} days."
    if figure:
        unknown = sum(day.worst is Severity.UNKNOWN for day in days)
        words = f"{figure} up in {len(days)} days; trouble on {len(bad)}"
        words += f", nothing known of {unknown}." if unknown else "."
    return Strip(
        paths=tuple(paths),
        width=BAR * len(days) - 1,
        figure=figure,
        observed=percent(one.observed.weighted),
        words=words,
        bad=tuple(BadDay.of(day) for day in reversed(bad)),
        known=duration(one.official.known),
    )


def percent(share: float | None) -> str:
    """A share as people write it, never rounded up to a hundred; empty: nothing is known."""
    if share is None:
        return ""
    return "100 %" if share >= 1 else f"{int(share * 10_000) / 100:.2f} %"
