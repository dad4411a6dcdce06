"""Pieces that several messages share: titles, rows of surfaces, quotes, evidence, timelines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken, spoken_list
from bot.domain.incident import (
    EventKind,
    Incident,
    IncidentEvent,
    Origin,
    SurfaceChange,
)
from bot.domain.message import (
    Block,
    Button,
    Line,
    Lines,
    Link,
    Note,
    Quote,
    Row,
    Rows,
    Span,
    Text,
    Time,
)
from bot.domain.page import Severity
from bot.messages.durations import duration, lasted, timeline
from bot.messages.state import MOMENT, is_notice, is_planned
from bot.messages.text import phase_words, short

_LONGEST_BUTTON_VALUE = 80
_ARRIVED = {Severity.UP: "up again", Severity.MAINTENANCE: "maintenance"}  # wherever from
_SMALLEST_LEAD = timedelta(minutes=1)


def rows_of(incident: Incident, catalog: Catalog) -> Rows | None:
    """Rows of surfaces that are alike: same severity, since the same minute, same note.

    Every surface it ever touched is in one, with what it was where that differs. None for a notice
    or a plan: nothing is wrong, so there is nothing to show in colours. None either where it ended
    without knowing what became of them.
    """
    if is_notice(incident) or is_planned(incident) or not incident.ending.recovers:
        return None
    groups: dict[tuple[Severity, datetime | None, str], list[str]] = {}
    starts: dict[tuple[Severity, datetime | None, str], datetime | None] = {}
    for surface in catalog.order(incident.surfaces):
        impact = incident.surfaces[surface]
        notes = []
        # That a text names a surface does not say that it was as bad as the whole.
        was = impact.worst.rank > impact.now.rank and not (impact.from_text and incident.is_open)
        if was and impact.worst.rank > Severity.UP.rank:
            notes.append(f"was {impact.worst.words}")
        if impact.from_text:
            notes.append("from the text")
        since = changed_at(incident, surface) if impact.now.rank > Severity.UP.rank else None
        minute = since.replace(second=0, microsecond=0) if since else None
        alike = (impact.now, minute, ", ".join(notes))
        groups.setdefault(alike, []).append(catalog.label(surface))
        starts.setdefault(alike, since)
    rows = [
        Row(alike[0], ", ".join(labels), alike[0].words, starts[alike], alike[2])
        for alike, labels in groups.items()
    ]
    # What is worst comes first; of the same severity, what a reader asks about most.
    return Rows(tuple(sorted(rows, key=lambda row: -row.severity.rank))) if rows else None


def about_line(incident: Incident, catalog: Catalog) -> Line:
    """Name the surfaces of a notice or a plan, or say that an outage names none. Often empty."""
    if incident.surfaces and is_notice(incident):
        labels = [spoken(catalog, surface) for surface in catalog.order(incident.surfaces)]
        return (Text(f"About {spoken_list(labels)}, going by its text."),)
    if incident.surfaces and is_planned(incident):
        labels = [spoken(catalog, surface) for surface in catalog.order(incident.surfaces)]
        return (Text(f"It will touch {spoken_list(labels)}."),)
    if not incident.surfaces and not is_notice(incident) and not incident.maintenance:
        return (Text("The page does not say which part of it is affected."),)
    return ()


def changed_at(incident: Incident, surface: str) -> datetime | None:
    """Return when the surface came to be as it is now."""
    for event in reversed(incident.events):
        if any(change.surface == surface for change in event.changes):
            return event.at
    return incident.started_at


def change_words(changes: Iterable[SurfaceChange], catalog: Catalog) -> list[str]:
    """A line for each kind of change: "worse: claude.ai and API up → partial outage"."""
    groups: dict[tuple[Severity, Severity], list[str]] = {}
    for change in changes:
        if change.released:
            continue  # it is not up again; a note says whose it is now
        groups.setdefault((change.before, change.after), []).append(change.surface)
    lines = []
    for (before, after), surfaces in groups.items():
        labels = [catalog.label(surface) for surface in catalog.order(surfaces)]
        path = f"{before.words} → {after.words}"
        what = f"{labels[0]} {path}" if len(labels) == 1 else f"{spoken_list(labels)} ({path})"
        moved = "worse" if after.rank > before.rank else "better"
        lines.append(f"{_ARRIVED.get(after, moved)}: {what}")
    return lines


def text_of(incident: Incident, event: IncidentEvent) -> tuple[str, bool]:
    """The news' text as the provider has it by now, and whether they edited it."""
    for later in reversed(incident.events):
        if later.kind is EventKind.CORRECTED and later.corrects == event.key:
            return later.text, True
    return event.text, False


def words_of(
    incident: Incident, event: IncidentEvent, length: int | None = None, *, phase: bool = True
) -> Block | None:
    """Return the provider's words quoted, our own as they are. None: nothing was said.

    `phase`: the quote begins with the time and the phase; else, where a title has it, the time.
    """
    text, edited = text_of(incident, event)
    if not text.strip():
        return None
    if event.update_id is None:
        return Lines(tuple((Text(line),) for line in text.splitlines() if line.strip()))
    lead: list[Span] = [Time(event.at, "clock")]
    if phase and event.phase:
        lead.append(Text(f" {phase_words(event.phase)}"))
    if edited:
        lead.append(Text(" (edited by the provider)"))
    return Quote(short(text, length) if length else text.strip(), tuple(lead))


def times_of(incident: Incident, now: datetime) -> Lines:
    """Phase, start and end: "identified · started 17:41 (10 min ago)"."""
    line: list[Span] = []
    if incident.maintenance and incident.scheduled_for:
        line += [Text("From "), Time(incident.scheduled_for, "date")]
        if incident.scheduled_until:
            line += [Text(" until "), Time(incident.scheduled_until, "date")]
    else:
        if incident.is_open and incident.phase:
            line.append(Text(f"{phase_words(incident.phase).capitalize()} · "))
        line += [Text("started " if line else "Started "), Time(incident.started_at, "date")]
    if incident.ended_at and lasted(incident, now) < MOMENT:
        return Lines(
            ((Text("Posted "), Time(incident.started_at, "date"), Text(", when it was over")),)
        )
    if incident.ended_at:
        line += [Text(" · ended "), Time(incident.ended_at, "date")]
    if incident.ended_at and not incident.maintenance:
        line.append(Text(f" · lasted {duration(lasted(incident, now))}"))
    return Lines((tuple(line),))


def timeline_line(incident: Incident, now: datetime) -> tuple[Span, ...]:
    """Empty where the severity never was anything, or there is only one spell to tell."""
    spells = timeline(incident, now)
    return (Text(spells[:1].upper() + spells[1:]),) if spells else ()


def lead_words(incident: Incident) -> str:
    """Say how far ahead of the provider we were with it; empty where we were not."""
    suspected, official = incident.suspected_at, incident.official_at
    if not suspected or not official or official - suspected < _SMALLEST_LEAD:
        return ""
    return f"Suspected here {duration(official - suspected)} before the provider said so."


def updates_words(incident: Incident) -> str:
    """Count what the provider said: "2 updates"; empty where no text is known."""
    count = len({event.update_id for event in incident.events if event.update_id})
    if not count:
        return ""
    return f"{count} {'update' if count == 1 else 'updates'}"


def source_note(incident: Incident, catalog: Catalog, *more: Span) -> Note:
    """Name the source of a message, and where to read it."""
    provider = catalog.provider(incident.provider)
    line: list[Span] = []
    if incident.origin is Origin.PROVIDER:
        line.append(Text(f"Official: {provider.label} status page"))
        if count := updates_words(incident):
            line.append(Text(f", {count}"))
    elif incident.origin is Origin.OURS:
        line.append(Text(f"From the {provider.label} status page, which shows no incident for it"))
    else:
        line.append(Text(f"Suspected from our own evidence; {provider.label} has not confirmed it"))
    url = incident.url or provider.page
    if url:
        line += [Text(" · "), Link("open it", url)]
    return Note((*line, *more))


def incident_buttons(incident: Incident) -> tuple[Button, ...]:
    """Generic ones: the message is the same in every channel."""
    key = incident.key
    if len(key) > _LONGEST_BUTTON_VALUE:
        return ()
    details = Button("details", "Details", key)
    if not incident.is_open or incident.withdrawn or incident.maintenance:
        return (details,)
    return (
        Button("affected", "I'm affected", key),
        Button("back", "Tell me when it's back", key),
        Button("onit", "I'm on it", key),
        details,
    )
