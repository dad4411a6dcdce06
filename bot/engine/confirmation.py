"""The provider posts what was only suspected: its incident goes on in the suspected one's thread.

Pure. The merged incident keeps our id and our events; the provider's id becomes an alias, by which
the engine finds it from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.catalog.providers import Provider
from bot.domain.incident import EventKind, Impact, Incident, Origin
from bot.domain.page import Severity, worst
from bot.domain.state import State
from bot.engine.impact import carried

# How long after a suspicion the provider's incident confirms it (guess; the longest lag of a
# provider behind its users in the recorded outages is below an hour).
CONTINUES = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Detected:
    """The engine's state, with suspected incidents in it, and what changed at this step, by id."""

    state: State
    changed: Mapping[str, Incident]
    provider: Provider

    def put(self, *incidents: Incident) -> Detected:
        new = {
            one.id: replace(one, carried=carried(self.provider, one.surfaces)) for one in incidents
        }
        state = replace(self.state, incidents={**self.state.incidents, **new})
        return replace(self, state=state, changed={**self.changed, **new})

    @property
    def suspected(self) -> list[Incident]:
        return [i for i in self.state.incidents.values() if i.origin is Origin.SUSPECTED]

    @property
    def official(self) -> list[Incident]:
        return [i for i in self.state.incidents.values() if is_official(i)]


def is_official(incident: Incident) -> bool:
    return incident.origin is not Origin.SUSPECTED and not incident.maintenance


def continue_as_official(found: Detected, before: State | None, now: datetime) -> Detected:
    """Date every new incident of the provider, or merge it into the one that it confirms."""
    if before is None:
        return found  # the first poll: what runs already was posted nobody knows when
    new = [incident for incident in found.official if incident.id not in before.incidents]
    for theirs in sorted(new, key=lambda incident: incident.started_at):
        confirmed = [
            ours
            for ours in found.suspected
            if ours.official_at is None
            and not ours.surfaces.keys().isdisjoint(theirs.surfaces)
            and now - ours.started_at <= CONTINUES
        ]
        if confirmed and not theirs.quiet:
            found = _merged(found, confirmed[0], theirs)
        elif theirs.official_at is None:
            found = found.put(replace(theirs, official_at=posted_at(theirs)))
    return found


def posted_at(incident: Incident) -> datetime:
    """Return when we could first read it: an early warning is measured against that."""
    return incident.events[0].observed_at if incident.events else incident.started_at


def _merged(found: Detected, ours: Incident, theirs: Incident) -> Detected:
    """The provider's incident in our thread: its events go on with our numbers."""
    events = list(theirs.events)
    if events:
        first = events[0]
        events[0] = replace(first, kind=EventKind.CONFIRMED)
        if first.kind is EventKind.OVER:
            over = replace(first, kind=EventKind.RESOLVED, key=f"{first.key}/over", text="")
            events.append(over)
    revisions = range(ours.revision + 1, ours.revision + 1 + len(events))
    numbered = [replace(e, revision=n) for e, n in zip(events, revisions, strict=True)]
    suspected = {s: Impact(Severity.UP, impact.worst) for s, impact in ours.surfaces.items()}
    # As far as anybody knows. One made from component states keeps its own time, by which the
    # engine tells which later post explains it.
    began = min(ours.started_at, theirs.started_at)
    merged = replace(
        theirs,
        id=ours.id,
        aliases=tuple(dict.fromkeys([*ours.aliases, theirs.id, *theirs.aliases])),
        started_at=theirs.started_at if theirs.origin is Origin.OURS else began,
        worst=worst((ours.worst, theirs.worst)),
        surfaces={**suspected, **theirs.surfaces},
        timeline=(*ours.timeline, *theirs.timeline),
        events=(*ours.events, *numbered),
        suspected_at=ours.suspected_at,
        official_at=posted_at(theirs),
        first_report_at=ours.first_report_at,
        reporters=ours.reporters,
        visibility=(),
    )
    rest = {id_: i for id_, i in found.state.incidents.items() if id_ != theirs.id}
    changed = {id_: i for id_, i in found.changed.items() if id_ != theirs.id}
    # What the engine remembers of it goes along.
    tracks = {
        ours.id if id_ == theirs.id else id_: track for id_, track in found.state.tracks.items()
    }
    state = replace(found.state, incidents=rest, tracks=tracks)
    return replace(found, state=state, changed=changed).put(merged)
