"""One incident as pages show it: its surfaces, its times, and every text, word for word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import EventKind, Incident, IncidentEvent
from bot.domain.message import Line, Row
from bot.domain.page import Severity
from bot.messages.parts import (
    about_line,
    change_words,
    rows_of,
    source_note,
    text_of,
    timeline_line,
    times_of,
)
from bot.messages.state import is_notice, name_of, state_words, worst_left
from bot.messages.text import phase_words
from bot.status.view import StatusView


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that was said, or that happened, newest first on a page."""

    at: datetime
    # The provider's phase, or what happened: "identified", "worse".
    words: str
    changes: tuple[str, ...]
    text: str
    # The text is the provider's, who edited it since.
    quoted: bool
    edited: bool
    note: str

    @classmethod
    def of(cls, incident: Incident, event: IncidentEvent, view: StatusView) -> Update:
        """Return the event with its text as edited by now."""
        text, edited = text_of(incident, event)
        quoted = event.update_id is not None
        happened = event.kind.value.replace("_", " ")
        return cls(
            at=event.at,
            words=phase_words(event.phase) if quoted and event.phase else happened,
            changes=tuple(change_words(event.changes, view.catalog)),
            text=text.strip(),
            quoted=quoted,
            edited=edited,
            note=event.note,
        )


@dataclass(frozen=True, slots=True)
class IncidentPart:
    """One incident. `severity` gives it its colour; None: a notice, nothing is down."""

    key: str
    title: str
    state: str
    severity: Severity | None
    withdrawn: bool
    rows: tuple[Row, ...]
    facts: tuple[Line, ...]
    # How long it was how bad; empty where there is one spell only.
    spells: Line
    updates: tuple[Update, ...]
    # "Official: Claude status page, 2 updates · open it".
    source: Line


def incident_part(incident: Incident, view: StatusView) -> IncidentPart:
    """Return all of it; what is never cut is the provider's text."""
    rows = rows_of(incident, view.catalog)
    facts = [*times_of(incident, view.at).lines, about_line(incident, view.catalog)]
    return IncidentPart(
        key=incident.key,
        title=name_of(incident, 300),
        state=state_words(incident, view.at),
        severity=colour_of(incident),
        withdrawn=incident.withdrawn,
        rows=rows.rows if rows else (),
        facts=tuple(fact for fact in facts if fact),
        spells=timeline_line(incident, view.at),
        updates=updates_of(incident, view),
        source=source_note(incident, view.catalog).line,
    )


def updates_of(incident: Incident, view: StatusView) -> tuple[Update, ...]:
    """Everything that was said and that happened, newest first, as edited by now."""
    return tuple(
        Update.of(incident, event, view)
        for event in reversed(incident.events)
        if event.kind is not EventKind.CORRECTED
    )


def colour_of(incident: Incident) -> Severity | None:
    """How bad it is now, as a colour; None for what only informs."""
    if incident.withdrawn or not incident.ending.recovers or is_notice(incident):
        return None
    if incident.maintenance:
        return Severity.MAINTENANCE if incident.is_open else Severity.UP
    return incident.severity if incident.is_open else worst_left(incident)
