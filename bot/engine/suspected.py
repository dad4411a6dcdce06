"""A suspected incident as a value: with more surfaces, ended, and apart from the page's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.incident import (
    Ending,
    EventKind,
    Impact,
    Incident,
    IncidentEvent,
    Origin,
    SurfaceChange,
)
from bot.domain.page import Severity
from bot.domain.state import State

SUSPECTED = Impact(now=Severity.DEGRADED, worst=Severity.DEGRADED)


def suspected_in(state: State | None) -> dict[str, Incident]:
    incidents = state.incidents if state else {}
    return {id_: i for id_, i in incidents.items() if i.origin is Origin.SUSPECTED}


def without_suspected(state: State) -> State:
    """The part of a state that the engine steps on, which knows the page alone."""
    rest = state.incidents.keys() - suspected_in(state).keys()
    return replace(state, incidents={id_: i for id_, i in state.incidents.items() if id_ in rest})


def with_surfaces(
    incident: Incident, kind: EventKind, now: datetime, surfaces: Sequence[str], text: str
) -> Incident:
    """The incident with these surfaces suspected as well, and an event that says so."""
    changes = tuple(SurfaceChange(s, Severity.UP, Severity.DEGRADED) for s in surfaces)
    wider = {**incident.surfaces, **dict.fromkeys(surfaces, SUSPECTED)}
    event = _event(incident, kind, now, Severity.DEGRADED)
    return _with(replace(incident, surfaces=wider), replace(event, text=text, changes=changes))


def ended(
    incident: Incident, ending: Ending, now: datetime, *, text: str = "", note: str = ""
) -> Incident:
    """The incident ended."""
    handed = ending is Ending.HANDED_OVER
    phase = ending.value if handed else "nothing confirmed"
    changes = tuple(
        SurfaceChange(s, i.now, Severity.UP, released=handed)
        for s, i in incident.surfaces.items()
        if i.now.is_impaired
    )
    surfaces = {s: Impact(Severity.UP, i.worst) for s, i in incident.surfaces.items()}
    over = replace(incident, phase=phase, ended_at=now, ending=ending, surfaces=surfaces)
    event = _event(over, EventKind.RESOLVED, now, Severity.UP)
    return _with(
        over,
        replace(
            event, text=text, note=note, changes=changes, ending=ending if handed else Ending.NONE
        ),
    )


def _event(incident: Incident, kind: EventKind, now: datetime, severity: Severity) -> IncidentEvent:
    return IncidentEvent(
        revision=incident.revision + 1,
        kind=kind,
        key=f"{incident.id}/{kind.value}/{int(now.timestamp())}",
        at=now,
        observed_at=now,
        severity=severity,
        phase=incident.phase,
    )


def _with(incident: Incident, event: IncidentEvent) -> Incident:
    timeline = incident.timeline
    if not timeline or timeline[-1][1] is not event.severity:
        timeline = (*timeline, (event.at, event.severity))
    events = (*incident.events, event)
    return replace(incident, severity=event.severity, events=events, timeline=timeline)
