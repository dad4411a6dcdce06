"""Uptime of several surfaces over one window: the page's word and our own evidence side by side.

Pure; `bot.history.uptime` has the rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.catalog.providers import Surface
from bot.domain.incident import Incident
from bot.history.spans import GAP, READ, Observer, Piece, Span, laid_together
from bot.history.uptime import (
    Uptime,
    by_day,
    carried_pieces,
    observed_pieces,
    official_pieces,
    tallied,
)


@dataclass(frozen=True, slots=True)
class Record:
    """The record of one provider's past."""

    incidents: Sequence[Incident]
    spans: Sequence[Span]
    until: datetime  # the last good poll, or now where the page is watched


@dataclass(frozen=True, slots=True)
class SurfaceUptime:
    """One surface, by the page and by our own evidence; and the page's word for each day (UTC)."""

    official: Uptime
    observed: Uptime
    days: tuple[Uptime, ...]

    @property
    def surface(self) -> str:
        return self.official.surface


@dataclass(frozen=True, slots=True)
class UptimeReport:
    """Surfaces in the catalogue's order, all over the same window."""

    start: datetime
    end: datetime
    surfaces: tuple[SurfaceUptime, ...]

    def __add__(self, more: Iterable[SurfaceUptime]) -> UptimeReport:
        """The same report with these surfaces at its end."""
        return replace(self, surfaces=(*self.surfaces, *more))


def uptime_report(
    asked: Collection[str],
    surfaces: Sequence[Surface],
    record: Record,
    start: datetime,
    end: datetime,
) -> list[SurfaceUptime]:
    """Return the figures of those of a provider's `surfaces` that are asked for."""
    # Spans that still go on are written some minutes late.
    until = record.until
    spans = [replace(s, end=until) if s.end < until <= s.end + GAP else s for s in record.spans]
    official: dict[str, list[Piece]] = {}
    found = []
    # Those with a row first: what has none is no better than what carries it.
    for surface in sorted(surfaces, key=lambda surface: surface.by_words):
        id_, has_row = surface.id, not surface.by_words
        pieces = official_pieces(id_, record.incidents, spans, until, has_row=has_row)
        for carrier in surface.rests_on if surface.by_words else ():
            pieces += carried_pieces(official.get(carrier, ()))
        official[id_] = laid_together(pieces, start, end)
        if id_ not in asked:
            continue
        seen = laid_together(observed_pieces(id_, spans), start, end)
        found.append(
            SurfaceUptime(
                replace(
                    tallied(id_, official[id_], start, end),
                    looks=_looks(spans, Observer.PAGE, id_ if has_row else READ, start),
                    incidents=sum(i.concerns([id_]) and not i.withdrawn for i in record.incidents),
                ),
                replace(
                    tallied(id_, seen, start, end),
                    looks=_looks(spans, Observer.OURS, id_, start),
                ),
                by_day(id_, official[id_], start, end),
            )
        )
    places = {surface.id: place for place, surface in enumerate(surfaces)}
    return sorted(found, key=lambda one: places[one.surface])


def _looks(spans: Iterable[Span], observer: Observer, surface: str, start: datetime) -> int:
    """Looks within the window; of a span that began before it, its share."""
    count = 0.0
    for span in spans:
        if (span.observer, span.surface) != (observer, surface) or span.end < start:
            continue
        length, inside = span.end - span.start, span.end - max(span.start, start)
        count += span.looks * (inside / length if length else 1)
    return round(count)
