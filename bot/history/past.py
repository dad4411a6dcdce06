"""The page's own list as history: incidents that were over before we first looked.

They are taken in as the engine would have told them, marked as seen by the page alone, and are
never news. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.incident import EventKind, Incident, IncidentEvent, SeenBy, SurfaceChange
from bot.domain.page import Component, PageIncident, Severity, Snapshot
from bot.domain.state import ComponentState, State
from bot.engine.step import step


def past_of(listed: Iterable[PageIncident], known: Iterable[str] = ()) -> list[PageIncident]:
    """Return what a page's list says is over, but for the ids that the engine keeps itself."""
    ours = frozenset(known)
    return [page for page in listed if page.has_ended and page.id not in ours]


def past_incidents(
    pages: Iterable[PageIncident],
    components: Iterable[Component],
    provider: str,
    now: datetime,
    catalog: Catalog,
) -> list[Incident]:
    """Return these incidents of a page as history. `components` are its rows, for their names."""
    quiet = tuple(replace(one, severity=Severity.UP, updated_at=None) for one in components)
    past = []
    for page in pages:
        # The engine runs over this incident alone; what it finds already over is its story.
        before = page.posted_at - timedelta(seconds=1)
        rows = {c.id: ComponentState(c.name, Severity.UP, c.status, before) for c in quiet}
        state = State(provider, before, before, history_at=before, components=rows)
        seen = Snapshot(provider, quiet, (), updated_at=now, recent=(page,), recent_full=True)
        _, changed = step(state, seen, max(now, page.end_at), catalog)
        found = next((one for one in changed if one.id == page.id), None)
        if found is None:
            continue
        # What became of a component that was still down at the end is the next incident's story.
        surfaces = {s: replace(impact, now=Severity.UP) for s, impact in found.surfaces.items()}
        told = replace(found, severity=Severity.UP, surfaces=surfaces, events=_events(page, found))
        past.append(replace(told, quiet=True, seen_by=SeenBy.PAGE))
    return past


def _events(page: PageIncident, incident: Incident) -> tuple[IncidentEvent, ...]:
    """Every text that the page lists, oldest first, with what it changed."""
    if not page.updates:
        return incident.events
    ends = next((place for place, update in enumerate(page.updates) if update.is_end), -1)
    opening = EventKind.STARTED if page.maintenance else EventKind.OPENED
    ending = EventKind.ENDED if page.maintenance else EventKind.RESOLVED
    events = []
    for place, update in enumerate(page.updates):
        kind = opening if place == 0 else EventKind.UPDATE
        if place == ends:
            kind = ending if place else EventKind.OVER
        elif ends >= 0 and place > ends and update.phase == "postmortem":
            kind = EventKind.POSTMORTEM
        events.append(
            IncidentEvent(
                revision=place + 1,
                kind=kind,
                key=update.id,
                at=update.at,
                # Nobody of ours was there; the page's own time keeps it from being news.
                observed_at=update.posted_at,
                severity=severity_at(incident.timeline, update.at),
                phase=update.phase,
                text=update.text,
                changes=_changes_at(incident, update.at),
                update_id=update.id,
            )
        )
    return tuple(events)


def _changes_at(incident: Incident, at: datetime) -> tuple[SurfaceChange, ...]:
    found = []
    for surface, points in incident.surface_timelines.items():
        for place, (moment, severity) in enumerate(points):
            before = points[place - 1][1] if place else Severity.UP
            if moment == at and before is not severity:
                found.append(SurfaceChange(surface, before, severity))
    return tuple(found)


def severity_at(points: Iterable[tuple[datetime, Severity]], at: datetime) -> Severity:
    """Return how bad it was at that moment; up before the first point."""
    found = Severity.UP
    for moment, severity in points:
        if moment > at:
            break
        found = severity
    return found
