"""Lengths of time as people say them, and the severity of an incident over its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from bot.model import Incident, Severity

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(length: timedelta) -> str:
    """Say "40 s", "73 min", "2 h 40 min", "3 days 4 h". A negative length counts as none."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    minutes = seconds // _MINUTE
    if minutes < 100:
        return f"{minutes} min"
    if seconds < 2 * _DAY:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(seconds // _HOUR, 24)
    return f"{days} days {rest} h" if rest else f"{days} days"


def lasted(incident: Incident, now: datetime) -> timedelta:
    """From its start to its end, or until now. A page may say that it ended before it began."""
    return max(timedelta(0), (incident.ended_at or now) - incident.started_at)


_SHORT = {
    Severity.MAJOR: "major",
    Severity.PARTIAL: "partial",
    Severity.DEGRADED: "degraded",
    Severity.MAINTENANCE: "maintenance",
}


def timeline(incident: Incident, now: datetime) -> str:
    """Say how long it was how bad, in that order: "major 40 min, partial 73 min".

    Times at which everything was up, or nothing was known, are left out; a severity that came
    back is counted once more. Empty where there is nothing to tell.
    """
    end = incident.ended_at or now
    starts = [*incident.timeline, (end, Severity.UP)]
    spells: list[tuple[Severity, timedelta]] = []
    for (start, severity), (until, _) in pairwise(starts):
        length = min(until, end) - start
        if severity not in _SHORT or length <= timedelta(0):
            continue
        if spells and spells[-1][0] is severity:
            length += spells.pop()[1]
        spells.append((severity, length))
    return ", ".join(f"{_SHORT[severity]} {duration(length)}" for severity, length in spells)
