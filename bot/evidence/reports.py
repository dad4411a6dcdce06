"""What people report, and when they are enough to be heard.

One person is one voice per surface and window. How many voices a channel needs grows with its
size. The people of one workspace can never alarm another by themselves: alone they stay below
what suffices alone, until three workspaces say the same independently.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.evidence import Evidence, Source
from bot.domain.page import Severity

WINDOW = timedelta(minutes=30)
SHARE = 0.03  # of the channel
SMALLEST, LARGEST, UNKNOWN_SIZE = 2, 12, 3


@dataclass(frozen=True, slots=True)
class ReportCount:
    """How many different people of one channel reported one surface within the window.

    `owner` is the tenant across platforms ("slack/T1"), `members` the channel's size, if known.
    """

    owner: str
    channel: str
    surface: str
    people: int
    first: datetime
    latest: datetime
    members: int | None = None


def quorum(members: int | None) -> int:
    """How many voices count as one channel's voice: three in a hundred, at least two."""
    if members is None:
        return UNKNOWN_SIZE
    return min(LARGEST, max(SMALLEST, math.ceil(members * SHARE)))


def worth(people: int, members: int | None) -> float:
    """Below the quorum a murmur; at it one voice of two; three times it nearly enough."""
    share = people / quorum(members)
    if share < 1:
        return 0.35 * share
    return min(0.85, 0.5 + 0.175 * (share - 1))


ENOUGH_TENANTS = 3
OVERWHELMING = 3.0  # times the quorum: suffices alone, for that workspace only


def evidence(report_counts: Iterable[ReportCount]) -> list[Evidence]:
    """What all reports together say to everybody, one piece for each surface."""
    by_surface: dict[str, list[ReportCount]] = defaultdict(list)
    for report_count in report_counts:
        by_surface[report_count.surface].append(report_count)
    pieces = []
    for surface, counts in by_surface.items():
        heard = {count.owner for count in counts if count.people >= quorum(count.members)}
        alone = max(worth(count.people, count.members) for count in counts)
        people = sum(count.people for count in counts)
        pieces.append(
            Evidence(
                source=Source.REPORTS,
                surface=surface,
                severity=Severity.DEGRADED,
                at=max(count.latest for count in counts),
                since=min(count.first for count in counts),
                says=f"{people} {'person reports' if people == 1 else 'people report'} trouble",
                weight=0.95 if len(heard) >= ENOUGH_TENANTS else alone,
            )
        )
    return pieces


def here(report_counts: Iterable[ReportCount], owner: str) -> list[Evidence]:
    """What the people of one workspace say, for answers in that workspace."""
    local = [t for t in report_counts if t.owner == owner]
    loud = {t.surface for t in local if t.people >= OVERWHELMING * quorum(t.members)}
    return [
        Evidence(
            source=piece.source,
            surface=piece.surface,
            severity=piece.severity,
            at=piece.at,
            since=piece.since,
            says=piece.says.replace(" report", " here report", 1),
            weight=0.95 if piece.surface in loud else piece.weight,
        )
        for piece in evidence(local)
    ]


def overwhelming(report_counts: Iterable[ReportCount]) -> dict[str, tuple[str, ...]]:
    """Surface → workspaces whose own people alone suffice to suspect it, for themselves."""
    found: dict[str, set[str]] = defaultdict(set)
    for report_count in report_counts:
        if report_count.people >= OVERWHELMING * quorum(report_count.members):
            found[report_count.surface].add(report_count.owner)
    return {surface: tuple(sorted(owners)) for surface, owners in found.items()}
