"""Evidence from what people report, and when they are enough to be heard.

One person is one voice for each surface, in however many channels and workspaces they report it.
How many voices a channel needs grows with its size.

The people of a workspace may alarm their own workspace. Whoever else is told needs another kind of
evidence that agrees (a probe, traffic), and is only told of what people say in established
workspaces: it costs nothing to make three workspaces and to report in each of them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.evidence import Evidence, Source
from bot.domain.page import Severity
from bot.domain.subscription import Channel

WINDOW = timedelta(minutes=30)
SHARE = 0.03  # of the channel
SMALLEST, LARGEST, UNKNOWN_SIZE = 2, 12, 3
# A channel speaks to other workspaces once it has been subscribed for so long, and if it has so
# many members or nobody knows how many (guesses).
ESTABLISHED = timedelta(days=7)
LEAST_MEMBERS = 5

MURMUR = 0.35  # less than one of two voices, however many say it
MOST = 0.85  # nearly enough to stand alone
ENOUGH_TENANTS = 3
OVERWHELMING = 3.0  # times the quorum: suffices alone, for that workspace only


@dataclass(frozen=True, slots=True)
class ReportCount:
    """The number of different people of one channel who reported one surface within the window."""

    owner: str  # the tenant across platforms ("slack/T1")
    channel: str
    surface: str
    people: int
    first: datetime
    latest: datetime
    members: int | None = None  # of the channel, if known
    subscribed_at: datetime | None = None  # since when the channel is subscribed; None: it is not
    elsewhere: int = 0  # how many of `people` are counted in another channel already

    def is_established(self, now: datetime) -> bool:
        """Tell whether other workspaces may be told of what is said here."""
        known = self.subscribed_at is not None and now - self.subscribed_at >= ESTABLISHED
        return known and (self.members is None or self.members >= LEAST_MEMBERS)


def quorum(members: int | None) -> int:
    """Return how many people speak for a channel: three in a hundred, at least two."""
    if members is None:
        return UNKNOWN_SIZE
    return min(LARGEST, max(SMALLEST, math.ceil(members * SHARE)))


def worth(people: int, members: int | None) -> float:
    """Below the quorum a murmur; at it one voice of two; three times it nearly enough."""
    share = people / quorum(members)
    if share < 1:
        return MURMUR * share
    return min(MOST, 0.5 + 0.175 * (share - 1))


def evidence(report_counts: Iterable[ReportCount], now: datetime) -> list[Evidence]:
    """Return the evidence of all reports together, one piece for each surface."""
    found = []
    for surface, group in _by_surface(report_counts).items():
        heard: set[str] = set()
        weight = 0.0
        for count in group:
            people = count.people - count.elsewhere
            value = worth(people, count.members)
            if not count.is_established(now):
                value = min(value, MURMUR)
            elif people >= quorum(count.members):
                heard.add(count.owner)
            weight = max(weight, value)
        if len(heard) >= ENOUGH_TENANTS:
            weight = MOST
        people = sum(count.people - count.elsewhere for count in group)
        found.append(_piece(surface, group, weight, people, "report"))
    return found


def here(report_counts: Iterable[ReportCount], owner: str) -> list[Evidence]:
    """Return the evidence of one workspace's people, for it alone: enough of them suffice."""
    found = []
    local = [count for count in report_counts if count.owner == owner]
    for surface, group in _by_surface(local).items():
        weight = max(worth(count.people, count.members) for count in group)
        if any(count.people >= OVERWHELMING * quorum(count.members) for count in group):
            weight = 0.95
        people = sum(count.people for count in group)
        found.append(_piece(surface, group, weight, people, "here report"))
    return found


def heard_in(
    report_counts: Sequence[ReportCount], now: datetime, channel: Channel | None
) -> Sequence[Evidence]:
    """Everybody's reports, and louder those of the channel's own people (None: everybody's)."""
    everywhere = evidence(report_counts, now)
    if channel is None:
        return everywhere
    local = [count for count in report_counts if count.channel == str(channel)]
    # Where only its own people reported, it is said once: as what people here report.
    elsewhere = {count.surface for count in report_counts if count.owner != channel.owner}
    others = [piece for piece in everywhere if piece.surface in elsewhere]
    return [*here(local, channel.owner), *others]


def _by_surface(report_counts: Iterable[ReportCount]) -> dict[str, list[ReportCount]]:
    by_surface: dict[str, list[ReportCount]] = defaultdict(list)
    for count in report_counts:
        by_surface[count.surface].append(count)
    return by_surface


def _piece(
    surface: str, group: list[ReportCount], weight: float, people: int, verb: str
) -> Evidence:
    said = f"person {verb}s" if people == 1 else f"people {verb}"
    return Evidence(
        source=Source.REPORTS,
        surface=surface,
        severity=Severity.DEGRADED,
        at=max(count.latest for count in group),
        since=min(count.first for count in group),
        says=f"{people} {said} trouble",
        weight=weight,
    )
