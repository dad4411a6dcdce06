"""The quality of our own evidence, counted from all incidents on record.

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

from bot.domain.incident import EventKind, Incident, Origin


class ScoreResult(StrEnum):
    LEAD = "lead"
    LAG = "lag"
    MISS = "miss"
    FALSE_ALARM = "false_alarm"


@dataclass(frozen=True, slots=True)
class ScoreEntry:
    """One incident in the count. `ahead` is how much earlier we were (negative: later)."""

    incident: str
    title: str
    result: ScoreResult
    started_at: datetime
    surfaces: tuple[str, ...]
    ahead: timedelta | None = None

    @classmethod
    def of(cls, incident: Incident) -> ScoreEntry | None:
        """Return the entry of an incident; None: it does not count, or is not decided yet."""
        if incident.maintenance or incident.withdrawn or incident.quiet:
            return None
        seen_when_over = incident.events[:1] and incident.events[0].kind is EventKind.OVER
        could_be_seen = incident.surfaces and incident.worst.is_impaired and not seen_when_over
        ahead = None
        if incident.origin is Origin.SUSPECTED and incident.official_at is None:
            result = None if incident.is_open else ScoreResult.FALSE_ALARM
        elif incident.official_at is None or not could_be_seen:
            result = None
        elif incident.suspected_at is None:
            result = None if incident.is_open else ScoreResult.MISS
        else:
            ahead = incident.official_at - incident.suspected_at
            result = ScoreResult.LEAD if ahead > timedelta(0) else ScoreResult.LAG
        if result is None:
            return None
        surfaces = tuple(incident.surfaces)
        return cls(incident.key, incident.title, result, incident.started_at, surfaces, ahead)


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """All of them, oldest first; what is still open and undecided is left out."""

    entries: tuple[ScoreEntry, ...] = ()

    def count(self, result: ScoreResult) -> int:
        return sum(entry.result is result for entry in self.entries)

    @property
    def median_lead(self) -> timedelta | None:
        leads = sorted(e.ahead for e in self.entries if e.result is ScoreResult.LEAD and e.ahead)
        return leads[(len(leads) - 1) // 2] if leads else None


def scoreboard(incidents: Iterable[Incident]) -> Scoreboard:
    """Count. Open suspicions, and open incidents without our evidence, are not decided yet."""
    entries = [entry for incident in incidents if (entry := ScoreEntry.of(incident))]
    return Scoreboard(tuple(sorted(entries, key=lambda e: (e.started_at, e.incident))))
