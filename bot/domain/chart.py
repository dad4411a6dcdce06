"""Charts as values: a strip of days, an incident's timeline. Adapters draw them.

`alt` tells a picture in words, with the same numbers, for those who do not see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.page import Severity


@dataclass(frozen=True, slots=True)
class StripRow:
    """One surface: its figure, the worst of each day, and its weighted down time by week."""

    label: str
    figure: str
    days: tuple[Severity, ...]
    weeks: tuple[timedelta, ...]


@dataclass(frozen=True, slots=True)
class StripChart:
    """Surfaces over days. `weeks` are the days on which the rows' weeks begin."""

    title: str
    rows: tuple[StripRow, ...]
    start: datetime
    end: datetime
    weeks: tuple[datetime, ...]
    alt: str
    url: str = ""  # where the picture can be fetched from outside; empty: nowhere


@dataclass(frozen=True, slots=True)
class Stretch:
    """It was that bad from `start` to `end`."""

    start: datetime
    end: datetime
    severity: Severity


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One surface, as bad as it was when. `ours`: by our own evidence, not by the page."""

    label: str
    stretches: tuple[Stretch, ...]
    ours: bool = False


@dataclass(frozen=True, slots=True)
class TimelineChart:
    """One incident: surfaces over time, with a mark where the provider said something."""

    title: str
    rows: tuple[TimelineRow, ...]
    marks: tuple[datetime, ...]
    start: datetime
    end: datetime
    alt: str
    url: str = ""


Chart = StripChart | TimelineChart
