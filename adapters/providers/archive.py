"""An archive of incidents made into the page it came from, as of every moment that mattered.

The archive shows every incident as it ended. A moment is whatever was really done on the page:
an update posted (backdated ones at their true time), an end, a touch of `updated_at`. At each,
incidents show what had been posted by then, components what the updates had made of them, and
the history list its newest 50. An incident loses its components at its end, as on real pages.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.page import ENDED, Component, PageIncident, PageUpdate, Severity, Snapshot, worst

LIST_LENGTH = 50  # of Statuspage's incidents.json
_A_MOMENT = timedelta(milliseconds=1)
_STATUS = {
    Severity.UP: "operational",
    Severity.DEGRADED: "degraded_performance",
    Severity.PARTIAL: "partial_outage",
    Severity.MAJOR: "major_outage",
    Severity.MAINTENANCE: "under_maintenance",
    Severity.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class Archived:
    """An incident with when its record was last touched (which need not mean anything)."""

    incident: PageIncident
    touched_at: datetime | None = None


@dataclass(slots=True)
class _RebuiltPage:
    """The page while it is rebuilt."""

    provider: str
    components: dict[str, Component]
    running: dict[str, PageIncident] = field(default_factory=dict)
    # Ended ones by end, oldest first; the index keeps equal ends apart.
    over: list[tuple[datetime, int, str]] = field(default_factory=list)
    shown: dict[str, PageIncident] = field(default_factory=dict)

    def show(self, incident: PageIncident) -> None:
        if incident.has_ended:
            self.running.pop(incident.id, None)
            if incident.id not in self.shown or not self.shown[incident.id].has_ended:
                insort(self.over, (incident.end_at, len(self.over), incident.id))
        else:
            self.running[incident.id] = incident
            self.over = [entry for entry in self.over if entry[2] != incident.id]
        self.shown[incident.id] = incident

    def set(self, component: str, severity: Severity, at: datetime) -> None:
        row = self.components[component]
        if severity is not Severity.UNKNOWN and severity is not row.severity:
            self.components[component] = replace(
                row, severity=severity, status=_STATUS[severity], updated_at=at
            )

    def clear_unsaid(self, updates: Iterable[PageUpdate], at: datetime) -> bool:
        """Clear components that an update found operational: they had recovered before, without
        a word. Return whether there were any.
        """
        before = {c.component for u in updates for c in u.changes if c.before is Severity.UP}
        unsaid = [id_ for id_ in before if self.components[id_].severity is not Severity.UP]
        for component in unsaid:
            self.set(component, Severity.UP, at)
        return bool(unsaid)

    def apply(self, incident: PageIncident, update: PageUpdate, at: datetime) -> None:
        """Set components as an update says."""
        for change in update.changes:
            self.set(change.component, change.after, at)
        if update.phase in ENDED and not update.changes:
            # The page unlinked its components while ending it, which leaves them operational.
            held = {c for r in self.running.values() if r.id != incident.id for c in r.components}
            for component in {c.component for u in incident.updates for c in u.changes} - held:
                self.set(component, Severity.UP, at)

    def snapshot(self, at: datetime, changed: Iterable[str]) -> Snapshot:
        newest = [id_ for _, _, id_ in self.over[-LIST_LENGTH:]]
        # What was just written is seen by whoever looks now, however old it is dated.
        listed = dict.fromkeys([*self.running, *reversed(newest), *changed])
        recent = tuple(self.shown[id_] for id_ in listed)
        return Snapshot(
            provider=self.provider,
            components=tuple(self.components.values()),
            incidents=tuple(self.running.values()),
            updated_at=at,
            recent=recent,
            recent_full=len(self.over) > LIST_LENGTH,
        )


def rebuild(
    archive: Sequence[Archived], names: Mapping[str, str], provider: str
) -> Iterator[tuple[datetime, Snapshot]]:
    """Yield the page at each moment, beginning with a quiet page without incidents.

    `names` are the page's components, id → name, in their order.
    """
    doings = _doings(archive)
    if not doings:
        return
    page = _RebuiltPage(
        provider,
        {id_: Component(id_, name, Severity.UP, "operational") for id_, name in names.items()},
    )
    first = min(doings)
    yield first - timedelta(minutes=1), page.snapshot(first - timedelta(minutes=1), ())
    for at in sorted(doings):
        touched = doings[at]
        written = [
            (a.incident, u) for a in touched for u in a.incident.updates if u.posted_at == at
        ]
        if page.clear_unsaid((update for _, update in written), at - _A_MOMENT):
            yield at - _A_MOMENT, page.snapshot(at - _A_MOMENT, ())
        for incident, update in written:
            page.apply(incident, update, at)
        for archived in touched:
            page.show(as_of(archived.incident, at))
        yield at, page.snapshot(at, [archived.incident.id for archived in touched])


def _doings(archive: Iterable[Archived]) -> dict[datetime, list[Archived]]:
    """Everything that happened on the page, by time."""
    doings: dict[datetime, list[Archived]] = defaultdict(list)
    for archived in archive:
        incident = archived.incident
        moments = {incident.posted_at, *(update.posted_at for update in incident.updates)}
        if incident.has_ended and not any(update.phase in ENDED for update in incident.updates):
            moments.add(max(incident.end_at, incident.posted_at))
        if archived.touched_at and archived.touched_at >= max(moments):
            moments.add(archived.touched_at)
        for moment in moments:
            doings[moment].append(archived)
    return doings


def as_of(incident: PageIncident, at: datetime) -> PageIncident:
    """Return the incident as the page showed it at `at`."""
    updates = tuple(update for update in incident.updates if update.posted_at <= at)
    ends_unsaid = incident.has_ended and not any(u.phase in ENDED for u in incident.updates)
    has_ended = not ends_unsaid or at >= max(incident.end_at, incident.posted_at)
    if len(updates) == len(incident.updates) and has_ended:
        return replace(incident, components=() if incident.has_ended else incident.components)
    last = max(updates, key=lambda update: update.posted_at, default=None)
    phase = last.phase if last else incident.phase
    if phase in ENDED and not updates:
        phase = "investigating"
    ended = phase in ENDED
    named = dict.fromkeys(c.component for update in updates for c in update.changes)
    # Impact follows the worst component so far; where none was ever down it was set by hand.
    every = [change.after for update in incident.updates for change in update.changes]
    by_hand = worst(every).rank < Severity.DEGRADED.rank
    worst_now = worst(change.after for update in updates for change in update.changes)
    return replace(
        incident,
        phase=phase,
        impact=incident.impact if by_hand else worst_now,
        resolved_at=(last.at if last else None) if ended else None,
        components=() if ended else tuple(named),
        updates=updates,
    )
