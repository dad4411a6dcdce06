"""Expected durations, from the provider's own past incidents of that kind.

Kind: the same worst severity and at least one surface in common; where these are fewer than
`FEWEST`, any severity with a surface in common, which the answer says. Only
those count that lasted longer than the present one already does, so that the answer does not
shrink to what is over. Fewer than `FEWEST` such incidents, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.incident import Incident, Origin

FEWEST = 8


@dataclass(frozen=True, slots=True)
class ExpectedDuration:
    """Whole lengths, from the beginning of each incident."""

    n: int  # so many are compared with
    half: timedelta  # half of them were over in this time
    nine_in_ten: timedelta
    longest: timedelta
    same_severity: bool  # else they were of any severity


def expected_duration(
    incident: Incident, past: Iterable[Incident], now: datetime
) -> ExpectedDuration | None:
    """Compare with what ended; None where there is too little to say."""
    elapsed = max(timedelta(0), now - incident.started_at)
    alike = [i for i in past if _comparable(i, incident) and _length(i) > elapsed]
    same = [i for i in alike if i.worst is incident.worst]
    chosen = same if len(same) >= FEWEST else alike
    if len(chosen) < FEWEST:
        return None
    lengths = sorted(_length(i) for i in chosen)
    return ExpectedDuration(
        n=len(lengths),
        half=_quantile(lengths, 0.5),
        nine_in_ten=_quantile(lengths, 0.9),
        longest=lengths[-1],
        same_severity=chosen is same,
    )


def _comparable(other: Incident, incident: Incident) -> bool:
    """Over, told by the provider, and about the same. What it deleted is no experience."""
    return (
        other.ended_at is not None
        and other.key != incident.key
        and other.provider == incident.provider
        and not other.maintenance
        and not other.withdrawn
        and other.origin is not Origin.SUSPECTED
        and other.ended_at > other.started_at  # posted after the fact: its length is not known
        and bool(other.surfaces.keys() & incident.surfaces.keys())
    )


def _length(incident: Incident) -> timedelta:
    return (incident.ended_at or incident.started_at) - incident.started_at


def _quantile(lengths: list[timedelta], share: float) -> timedelta:
    """The smallest length within which at least that share was over."""
    index = -(-len(lengths) * share // 1)  # rounded up
    return lengths[max(0, int(index) - 1)]
