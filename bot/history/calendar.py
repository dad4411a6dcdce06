"""A status page's own calendar of down time, a row for each component and day, as figures.

The rows are those of Statuspage's "Uptime showcase", as people record them: `service`, `date`, and
`outages`, each with `Outage_Type` and `Downtime (min)`. Not made from incidents: these are the
page's own minutes. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.domain.errors import WrongWords
from bot.domain.page import Severity
from bot.history.uptime import Uptime

_TYPES = {"Partial outage": Severity.PARTIAL, "Major outage": Severity.MAJOR}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One component on one day, by the page itself."""

    component: str
    day: date
    major: timedelta
    partial: timedelta


def calendar_days(lines: Iterable[str]) -> Iterator[CalendarDay]:
    """Read a calendar, a JSON object a line.

    Raises:
        WrongWords: a line is no such row; the text names it.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            minutes = {Severity.MAJOR: 0.0, Severity.PARTIAL: 0.0}
            for outage in row["outages"]:
                minutes[_TYPES[outage["Outage_Type"]]] += float(outage["Downtime (min)"])
            yield CalendarDay(
                str(row["service"]),
                date.fromisoformat(row["date"]),
                timedelta(minutes=minutes[Severity.MAJOR]),
                timedelta(minutes=minutes[Severity.PARTIAL]),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise WrongWords(
                f"line {number} is no row of a page's calendar (service, date, outages with "
                f"Outage_Type and Downtime (min)): {type(error).__name__} {error}"
            ) from None


def calendar_uptime(days: Iterable[CalendarDay], last: int | None = None) -> dict[str, Uptime]:
    """Return the figures of each component over its days, or over the `last` so many of them."""
    rows: dict[str, list[CalendarDay]] = {}
    for day in days:
        rows.setdefault(day.component, []).append(day)
    found = {}
    for component, several in rows.items():
        chosen = sorted(several, key=lambda one: one.day)[-last if last else 0 :]
        major = sum((one.major for one in chosen), timedelta(0))
        partial = sum((one.partial for one in chosen), timedelta(0))
        up = _DAY * len({one.day for one in chosen}) - major - partial
        found[component] = Uptime(
            component,
            _midnight(chosen[0].day),
            _midnight(chosen[-1].day) + _DAY,
            {Severity.UP: up, Severity.PARTIAL: partial, Severity.MAJOR: major},
            looked=up + major + partial,
            looks=len(chosen),
        )
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
