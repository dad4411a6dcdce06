"""Charts as values: a strip of days, an incident's timeline. Pure; adapters draw them.

Whatever a picture shows is told without colour too: by height, by a letter, and in its `alt` text,
which has the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.catalog.catalog import Catalog
from bot.domain.chart import Stretch, StripChart, StripRow, TimelineChart, TimelineRow
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.history.figures import UptimeReport
from bot.history.spans import Observer, Span
from bot.history.uptime import Uptime
from bot.messages.durations import duration, lasted, timeline

# The worse, the higher, so that nobody needs a colour.
SIGNS = {
    Severity.UNKNOWN: "·",
    Severity.UP: "▁",
    Severity.MAINTENANCE: "▂",
    Severity.DEGRADED: "▃",
    Severity.PARTIAL: "▅",
    Severity.MAJOR: "█",
}
# The same as shares of a bar's height, and the letter that stands in a bar with room for it.
HEIGHTS = {
    Severity.UNKNOWN: 0.1,
    Severity.UP: 0.25,
    Severity.MAINTENANCE: 0.4,
    Severity.DEGRADED: 0.55,
    Severity.PARTIAL: 0.75,
    Severity.MAJOR: 1.0,
}
LETTERS = {
    Severity.MAINTENANCE: "w",
    Severity.DEGRADED: "d",
    Severity.PARTIAL: "P",
    Severity.MAJOR: "M",
}
MOST_ROWS = 12
LONGEST_ALT = 1_000  # Discord's limit is 1,024
_WEEK = timedelta(days=7)
_NONE = timedelta(0)


def strip_text(days: Iterable[Uptime]) -> str:
    """One sign a day, the oldest first: the worst that was known of it."""
    return "".join(SIGNS[day.worst] for day in days)


def strip_chart(
    report: UptimeReport, labels: Sequence[str], figures: Sequence[str], url: str = ""
) -> StripChart | None:
    """Return the strip of a report; `labels` and `figures` are those of its surfaces.

    None: there is no day to show.
    """
    if not report.surfaces or report.end - report.start < timedelta(days=2):
        return None
    shown = list(zip(report.surfaces, labels, figures, strict=True))[:MOST_ROWS]
    weeks = _weeks(report.start, report.end)
    rows = tuple(
        StripRow(
            label,
            figure,
            tuple(day.worst for day in one.days),
            # The weighted down time of the days that begin in each week.
            tuple(
                sum((day.weighted_down for day in one.days if begins <= day.start < ends), _NONE)
                for begins, ends in pairwise([*weeks, report.end])
            ),
        )
        for one, label, figure in shown
    )
    title = f"Uptime, last {duration(report.end - report.start)}"
    said = "; ".join(f"{row.label} {row.figure}, {_bad_days(row)}" for row in rows)
    alt = f"{title}, one bar a day: {said}."[:LONGEST_ALT]
    return StripChart(title, rows, report.start, report.end, weeks, alt, url)


def _bad_days(row: StripRow) -> str:
    bad = [severity for severity in row.days if severity.rank > Severity.UP.rank]
    counts = {s: bad.count(s) for s in sorted(set(bad), key=lambda s: -s.rank)}
    said = [f"{n} {'day' if n == 1 else 'days'} {s.words}" for s, n in counts.items()]
    return ", ".join(said) or "no bad day"


def _weeks(start: datetime, end: datetime) -> tuple[datetime, ...]:
    """The beginnings of the weeks that end with the window; the first may be shorter."""
    found = [end - _WEEK]
    while found[-1] > start:
        found.append(found[-1] - _WEEK)
    return (start, *reversed(found[:-1])) if len(found) > 1 else (start,)


def timeline_chart(
    incident: Incident, spans: Sequence[Span], now: datetime, catalog: Catalog, url: str = ""
) -> TimelineChart | None:
    """Return the picture of an incident; None: there is no length of time to draw."""
    end = incident.ended_at or now
    start = min([incident.started_at, *(at for at, _ in incident.timeline)])
    if end <= start or not incident.timeline or incident.maintenance or incident.withdrawn:
        return None
    rows = [TimelineRow("as a whole", _stretches(incident.timeline, end))]
    surfaces = catalog.order(incident.surface_timelines)
    if len(surfaces) > 1 or len(incident.surfaces) > 1:
        points = incident.surface_timelines
        rows += [TimelineRow(catalog.label(s), _stretches(points[s], end)) for s in surfaces]
    for surface in catalog.order(incident.surfaces):
        seen = _observed(spans, surface, start, end)
        if seen:
            rows.append(TimelineRow(f"our evidence, {catalog.label(surface)}", seen, ours=True))
    said = {event.at for event in incident.events if event.update_id}
    marks = tuple(sorted(at for at in said if start <= at <= end))
    title = incident.title[:80]
    went = timeline(incident, now) or "never anything but up"
    ours = ", ".join(row.label for row in rows if row.ours) or "no evidence of our own"
    updates = f"{len(marks)} update{'' if len(marks) == 1 else 's'} of the provider"
    length = duration(lasted(incident, now))
    alt = f"{title}: {went}, {length} in all, {updates}; below it {ours}."[:LONGEST_ALT]
    return TimelineChart(title, tuple(rows[:MOST_ROWS]), marks, start, end, alt, url)


def _stretches(points: Sequence[tuple[datetime, Severity]], end: datetime) -> tuple[Stretch, ...]:
    return tuple(
        Stretch(at, min(until, end), severity)
        for (at, severity), (until, _) in pairwise([*points, (end, Severity.UP)])
        if at < min(until, end)
    )


def _observed(
    spans: Iterable[Span], surface: str, start: datetime, end: datetime
) -> tuple[Stretch, ...]:
    return tuple(
        Stretch(max(span.start, start), min(span.end, end), span.severity)
        for span in spans
        if (span.observer, span.surface) == (Observer.OURS, surface)
        and max(span.start, start) < min(span.end, end)
    )
