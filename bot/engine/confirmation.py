"""The provider posts what we had only suspected: its incident goes on in our thread.

Pure. The merged incident keeps our id and our news; the provider's id becomes an alias, by which
the engine finds it from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.incident import EventKind, Impact, Incident, Origin
from bot.domain.page import Severity
from bot.domain.state import State, Track

CONTINUES = timedelta(hours=2)


@dataclass(slots=True)
class SuspectedWork:
    """The incidents while a step works on them, and those that it changed."""

    incidents: dict[str, Incident]
    changed: dict[str, Incident]
    tracks: dict[str, Track]
    label: Callable[[str], str]

    def put(self, incident: Incident) -> None:
        self.incidents[incident.id] = incident
        self.changed[incident.id] = incident

    def drop(self, id_: str) -> None:
        self.incidents.pop(id_, None)
        self.changed.pop(id_, None)


def continue_as_official(work: SuspectedWork, before: State | None, now: datetime) -> None:
    if before is None:
        return  # the first look: what runs already was posted nobody knows when
    known = before.incidents
    fresh = [i for i in work.incidents.values() if i.id not in known and is_official(i)]
    for official in sorted(fresh, key=lambda i: i.started_at):
        suspected = _continued_by(work, official, now)
        if suspected is not None:
            work.drop(official.id)
            work.put(_merged(suspected, official))
            if official.id in work.tracks:  # what the engine remembers of it goes along
                work.tracks[suspected.id] = work.tracks.pop(official.id)
        elif official.official_at is None:
            work.put(replace(official, official_at=_posted_at(official)))


def is_official(incident: Incident) -> bool:
    return incident.origin is not Origin.SUSPECTED and not incident.maintenance


def _continued_by(work: SuspectedWork, official: Incident, now: datetime) -> Incident | None:
    """The suspected incident that this one confirms: same surface, not older than two hours."""
    return next(
        (
            i
            for i in work.incidents.values()
            if i.origin is Origin.SUSPECTED
            and i.official_at is None
            and i.surfaces.keys() & official.surfaces.keys()
            and now - i.started_at <= CONTINUES
            and not official.quiet
        ),
        None,
    )


def _posted_at(incident: Incident) -> datetime:
    """When we could first read it: what an early warning is measured against."""
    return incident.events[0].observed_at if incident.events else incident.started_at


def _merged(ours: Incident, theirs: Incident) -> Incident:
    """The provider's incident in our thread: its news go on with our numbers."""
    first = replace(theirs.events[0], kind=EventKind.CONFIRMED) if theirs.events else None
    event = [] if first is None else [first, *theirs.events[1:]]
    if first is not None and theirs.events[0].kind is EventKind.OVER:
        event.append(replace(first, kind=EventKind.RESOLVED, key=f"{first.key}/over", text=""))
    numbered = tuple(
        replace(piece, revision=ours.revision + index) for index, piece in enumerate(event, start=1)
    )
    touched = {
        **{surface: Impact(Severity.UP, impact.worst) for surface, impact in ours.surfaces.items()},
        **theirs.surfaces,
    }
    return replace(
        theirs,
        id=ours.id,
        aliases=tuple(dict.fromkeys([*ours.aliases, theirs.id, *theirs.aliases])),
        started_at=_began(ours, theirs),
        worst=max(ours.worst, theirs.worst, key=lambda s: s.rank),
        surfaces=touched,
        timeline=(*ours.timeline, *theirs.timeline),
        events=(*ours.events, *numbered),
        suspected_at=ours.suspected_at,
        official_at=_posted_at(theirs),
        visibility=(),
    )


def _began(ours: Incident, theirs: Incident) -> datetime:
    """When it began as far as anybody knows. One made from component states keeps its own time,
    by which the engine tells which later post explains it.
    """
    if theirs.origin is Origin.OURS:
        return theirs.started_at
    return min(ours.started_at, theirs.started_at)
