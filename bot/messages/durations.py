"""Lengths of time as people say them, and the severity of an incident over its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.incident import Incident
from bot.domain.page import Severity

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(length: timedelta) -> str:
    """Say "40 s", "73 min", "2 h 40 min", "3 days 4 h". A negative length counts as none."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    minutes = seconds // _MINUTE
    if minutes < 100 and minutes % 60:
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
    Severity.UP: "up",
}
_MOST_SPELLS = 6


def timeline(incident: Incident, now: datetime) -> str:
    """Say how long it was how bad, in that order: "major 40 min, partial 73 min".

    Times of nothing wrong count only between two bad ones. What went up and down too often for
    that is summed up. Empty where there is nothing to tell.
    """
    if incident.maintenance:
        return ""
    spells = incident.spells(incident.ended_at or now)
    if len(spells) > _MOST_SPELLS:
        sums = [
            (severity, sum((length for s, length in spells if s is severity), timedelta(0)))
            for severity in sorted({s for s, _ in spells} - {Severity.UP}, key=lambda s: -s.rank)
        ]
        return f"on and off: {_told(sums)}"
    return _told(spells)


def _told(spells: list[tuple[Severity, timedelta]]) -> str:
    return ", ".join(f"{_SHORT[severity]} {duration(length)}" for severity, length in spells)
