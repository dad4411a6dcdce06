"""How good our own evidence is, counted without mercy from the incidents on record.

    lead         we suspected it, and then the provider posted
    lag          the provider posted first; our evidence came after
    miss         the provider posted, and our evidence never came
    false alarm  we suspected, and nothing was confirmed within two hours

Only incidents that our evidence could have seen count: those with a surface that is down, told
while they were open, since we began to look. Maintenance and what was withdrawn do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import Incident, NewsKind, Origin, Severity


class Result(StrEnum):
    LEAD = "lead"
    LAG = "lag"
    MISS = "miss"
    FALSE_ALARM = "false_alarm"


@dataclass(frozen=True, slots=True)
class Entry:
    """One incident in the count. `ahead` is how much earlier we were (negative: later)."""

    incident: str
    title: str
    result: Result
    started_at: datetime
    surfaces: tuple[str, ...]
    ahead: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """All of them, oldest first; what is still open and undecided is left out."""

    entries: tuple[Entry, ...] = ()

    def count(self, result: Result) -> int:
        return sum(entry.result is result for entry in self.entries)

    @property
    def median_lead(self) -> timedelta | None:
        leads = sorted(e.ahead for e in self.entries if e.result is Result.LEAD and e.ahead)
        return leads[(len(leads) - 1) // 2] if leads else None


def scoreboard(incidents: Iterable[Incident]) -> Scoreboard:
    """Count. Open suspicions, and open incidents without our evidence, are not decided yet."""
    entries = [entry for incident in incidents if (entry := _judge(incident))]
    return Scoreboard(tuple(sorted(entries, key=lambda e: (e.started_at, e.incident))))


def _judge(incident: Incident) -> Entry | None:
    if incident.maintenance or incident.withdrawn or incident.quiet:
        return None
    if incident.origin is Origin.SUSPECTED and incident.official_at is None:
        return None if incident.is_open else _entry(incident, Result.FALSE_ALARM)
    if incident.official_at is None or not _could_be_seen(incident):
        return None
    if incident.suspected_at is None:
        return None if incident.is_open else _entry(incident, Result.MISS)
    ahead = incident.official_at - incident.suspected_at
    return _entry(incident, Result.LEAD if ahead > timedelta(0) else Result.LAG, ahead)


def _could_be_seen(incident: Incident) -> bool:
    seen_when_over = incident.news[:1] and incident.news[0].kind is NewsKind.OVER
    down = incident.worst.rank >= Severity.DEGRADED.rank
    return bool(incident.surfaces) and down and not seen_when_over


def _entry(incident: Incident, result: Result, ahead: timedelta | None = None) -> Entry:
    return Entry(
        incident=incident.key,
        title=incident.title,
        result=result,
        started_at=incident.started_at,
        surfaces=tuple(incident.surfaces),
        ahead=ahead,
    )
