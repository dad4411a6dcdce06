"""Spans of one severity, as observed over time, and how overlapping ones are joined.

Three observers: the rows of the page as we polled them, its list of incidents, and our own
evidence. While nothing changes, a look only makes the last span longer, so that months of polls
stay small. Between two looks that are too far apart nothing is claimed: a span ends with the last
look before the gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from bot.domain.page import Severity


class Observer(StrEnum):
    PAGE = "page"  # the page's own rows, as polled
    LIST = "list"  # its list of incidents, which is whole for that time
    OURS = "ours"  # our own evidence: probes, reports, traffic


# Two looks further apart claim nothing of the time between (as `status.view.STALE_AFTER`).
GAP = timedelta(minutes=10)
# The surface of a span that speaks of the page as a whole: it was read, its list is whole.
READ = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A surface was seen to be so from the first look to the last."""

    observer: Observer
    surface: str
    severity: Severity
    start: datetime
    end: datetime
    looks: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of one surface. `since`: when it came to be so, where that is known."""

    severity: Severity
    since: datetime | None = None


Place = tuple[Observer, str]  # who, and of which surface


def extended(
    last: Mapping[Place, Span], looks: Mapping[Place, Reading], now: datetime, gap: timedelta
) -> tuple[dict[Place, Span], list[Span]]:
    """Return the spans that end with this look, and those of them and before that changed.

    `last`: the newest span of each place. One that became only longer has not changed. Two looks
    further apart than `gap` are not joined.
    """
    found: dict[Place, Span] = {}
    changed: list[Span] = []
    for place, look in looks.items():
        before, start = last.get(place), now
        if before is not None and now - before.end <= gap:
            if before.severity is look.severity:
                longer = replace(before, end=max(now, before.end), looks=before.looks + 1)
                found[place] = longer
                continue
            # It changed between the two looks: when the page says so, else at this one.
            start = min(now, max(before.end, look.since or now))
            changed.append(replace(before, end=start))
        found[place] = Span(*place, look.severity, start, now)
        changed.append(found[place])
    return found, changed


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time with one severity, from `start` until before `end`.

    `layer` says on what it rests: where pieces overlap, a higher layer decides, and within a
    layer the worse severity.
    """

    start: datetime
    end: datetime
    severity: Severity
    layer: int = 0


def laid_together(
    pieces: Iterable[Piece], start: datetime, end: datetime, cuts: Sequence[datetime] = ()
) -> list[Piece]:
    """Return what holds at each moment from `start` to `end`, each once, oldest first.

    Where no piece is, nothing is known, and none is returned. `cuts` end a piece and begin the
    next one, though nothing changed (days).
    """
    moves: list[tuple[datetime, int, Piece]] = []
    for piece in pieces:
        begins, ends = max(piece.start, start), min(piece.end, end)
        if begins < ends:
            moves += [(begins, 1, piece), (ends, -1, piece)]
    marks = sorted({at for at, _, _ in moves} | {cut for cut in cuts if start < cut < end})
    moves.sort(key=lambda move: move[0])
    active: Counter[tuple[int, Severity]] = Counter()
    found: list[Piece] = []
    cut_at, place = frozenset(cuts), 0
    for at, until in pairwise(marks):
        while place < len(moves) and moves[place][0] <= at:
            _, count, piece = moves[place]
            active[piece.layer, piece.severity] += count
            place += 1
        there = [key for key, count in active.items() if count > 0]
        if not there:
            continue
        layer, severity = max(there, key=lambda key: (key[0], key[1].rank))
        same = found and (found[-1].end, found[-1].severity, found[-1].layer) == (
            at,
            severity,
            layer,
        )
        if same and at not in cut_at:
            found[-1] = replace(found[-1], end=until)
        else:
            found.append(Piece(at, until, severity, layer))
    return found
