"""Uptime figures of one surface: by the page's word, and by our own evidence.

The rule is Statuspage's own ("Uptime showcase"): the time in a major outage counts whole, in a
partial outage 0.3 of it; degraded and maintenance count nothing. The unweighted figure beside it
counts both whole, as incident.io does. Time of which nothing is known is in neither numerator nor
denominator. Pure.

The page's word is, where we polled it, the row of the surface; before that and in gaps, the page's
incidents, as far back as its list reaches. A surface without a row (models) is known from
incidents alone. Overlapping incidents count once, at the worse severity of each moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from bot.domain.incident import Incident, Origin
from bot.domain.page import Severity
from bot.history.spans import READ, Observer, Piece, Span, laid_together

# https://support.atlassian.com/statuspage/docs/display-historical-uptime-of-components/
WEIGHTS: Mapping[Severity, float] = {Severity.MAJOR: 1.0, Severity.PARTIAL: 0.3}
RULE = "Statuspage's rule: major outage × 1.0, partial outage × 0.3"
# How much must be known to speak of a rate, in windows of twice that and more: one bad minute of
# the first hour says nothing of a quarter (guess: a week has working days and a weekend).
LEAST_KNOWN = timedelta(days=7)
# Layers, the later one decides: the list says nothing was wrong, an incident, a row as polled.
LISTED, BY_INCIDENT, BY_ROW = 0, 1, 2
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Uptime:
    """The figures of one surface from `start` to `end`."""

    surface: str
    start: datetime
    end: datetime
    # Known time by severity; what is left of the window is unknown.
    lengths: Mapping[Severity, timedelta] = field(default_factory=dict)
    # Of the known time: seen in rows (or evidence) as we looked, and told by incidents alone.
    looked: timedelta = _NONE
    from_incidents: timedelta = _NONE
    # How many looks, and how many incidents, it rests on.
    looks: int = 0
    incidents: int = 0

    @property
    def known(self) -> timedelta:
        return sum(self.lengths.values(), _NONE)

    @property
    def unknown(self) -> timedelta:
        return self.end - self.start - self.known

    @property
    def weighted_down(self) -> timedelta:
        """Down time by `WEIGHTS`."""
        return sum((self.lengths.get(s, _NONE) * w for s, w in WEIGHTS.items()), _NONE)

    @property
    def unweighted_down(self) -> timedelta:
        """Time in a partial or a major outage."""
        return sum((self.lengths.get(s, _NONE) for s in WEIGHTS), _NONE)

    @property
    def weighted(self) -> float | None:
        """The share of the known time that it was up, from 0 to 1; None: nothing is known."""
        return 1 - self.weighted_down / self.known if self.known else None

    @property
    def unweighted(self) -> float | None:
        return 1 - self.unweighted_down / self.known if self.known else None

    @property
    def worst(self) -> Severity:
        """The worst of the window; unknown where nothing is known."""
        known = [severity for severity, length in self.lengths.items() if length > _NONE]
        return max(known, key=lambda s: s.rank, default=Severity.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """The budget of a target in the window, and what is left of it. All by the weighted figure."""

    target: float  # from 0 to 1
    allowed: timedelta
    burnt: timedelta
    # As long as it goes on as it did in the known part of the window. None: never, at this rate,
    # or too little is known for a rate.
    empty_after: timedelta | None

    @property
    def left(self) -> timedelta:
        """Negative: the target is missed by so much."""
        return self.allowed - self.burnt

    @property
    def share_burnt(self) -> float:
        return self.burnt / self.allowed if self.allowed else float("inf") * bool(self.burnt)


def error_budget(uptime: Uptime, target: float) -> ErrorBudget:
    """Return the budget of `target` (0.999) over the window of these figures."""
    window = uptime.end - uptime.start
    allowed = window * (1 - target)
    burnt = uptime.weighted_down
    left = max(_NONE, allowed - burnt)
    has_rate = burnt > _NONE and uptime.known >= min(LEAST_KNOWN, window / 2)
    return ErrorBudget(target, allowed, burnt, left * (uptime.known / burnt) if has_rate else None)


def pieces_of(incident: Incident, surface: str, now: datetime, *, has_row: bool) -> list[Piece]:
    """Return how bad an incident was for a surface over time, by the provider's word.

    With a row, its components alone say so; else the surface suffers what the incident does. What
    only we suspected, or the provider withdrew, is not the provider's word.
    """
    if incident.withdrawn or incident.origin is Origin.SUSPECTED:
        return []
    points = incident.surface_timelines.get(surface, ())
    if not has_row and not points and surface in incident.surfaces:
        points = incident.timeline
    end = incident.ended_at or now
    return [
        Piece(start, min(until, end), severity, BY_INCIDENT)
        for (start, severity), (until, _) in pairwise([*points, (end, Severity.UP)])
        if severity.rank > Severity.UP.rank and start < min(until, end)
    ]


def official_pieces(
    surface: str,
    incidents: Iterable[Incident],
    spans: Iterable[Span],
    now: datetime,
    *,
    has_row: bool,
) -> list[Piece]:
    """Return everything that the page says of a surface; open incidents last until `now`."""
    found = []
    for span in spans:
        if span.observer is Observer.OURS or span.severity is Severity.UNKNOWN:
            continue
        if span.surface == surface:
            found.append(Piece(span.start, span.end, span.severity, BY_ROW))
        # A list that is whole tells all incidents; while we read the page, we heard of each.
        elif span.observer is Observer.LIST or (span.surface == READ and not has_row):
            found.append(Piece(span.start, span.end, Severity.UP, LISTED))
    for incident in incidents:
        found += pieces_of(incident, surface, now, has_row=has_row)
    return found


def carried_pieces(carrier: Iterable[Piece]) -> list[Piece]:
    """Return what carries a surface as pieces of it: it is no better, but may be worse."""
    return [
        replace(piece, layer=BY_INCIDENT if piece.severity.rank > Severity.UP.rank else LISTED)
        for piece in carrier
    ]


def observed_pieces(surface: str, spans: Iterable[Span]) -> list[Piece]:
    """Return everything that our own evidence says of a surface."""
    return [
        Piece(span.start, span.end, span.severity, BY_ROW)
        for span in spans
        if span.observer is Observer.OURS
        and span.surface == surface
        and span.severity is not Severity.UNKNOWN
    ]


def tallied(surface: str, pieces: Iterable[Piece], start: datetime, end: datetime) -> Uptime:
    """Add up pieces that do not overlap."""
    lengths: dict[Severity, timedelta] = {}
    layers: dict[int, timedelta] = {}
    for piece in pieces:
        length = min(piece.end, end) - max(piece.start, start)
        if length > _NONE:
            lengths[piece.severity] = lengths.get(piece.severity, _NONE) + length
            layers[piece.layer] = layers.get(piece.layer, _NONE) + length
    looked = layers.pop(BY_ROW, _NONE)
    return Uptime(surface, start, end, lengths, looked, sum(layers.values(), _NONE))


def by_day(
    surface: str, pieces: Sequence[Piece], start: datetime, end: datetime
) -> tuple[Uptime, ...]:
    """Return the figures of each day in UTC, oldest first; the first and last may be partial."""
    midnights: list[datetime] = []
    day = datetime.combine(start.astimezone(UTC).date(), time(), UTC) + timedelta(days=1)
    while day < end:
        midnights.append(day)
        day += timedelta(days=1)
    days = laid_together(pieces, start, end, midnights)
    found, place = [], 0
    for begins, ends in pairwise([start, *midnights, end]):
        first = place
        while place < len(days) and days[place].start < ends:
            place += 1
        found.append(tallied(surface, days[first:place], begins, ends))
    return tuple(found)
