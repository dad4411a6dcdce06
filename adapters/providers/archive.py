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

from bot.domain.page import Component, PageIncident, PageUpdate, Severity, Snapshot, worst
from bot.engine.phases import ENDED, end_of, has_ended, posted_at

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

    report: PageIncident
    touched_at: datetime | None = None


@dataclass(slots=True)
class _Page:
    """The page while it is rebuilt."""

    provider: str
    components: dict[str, Component]
    running: dict[str, PageIncident] = field(default_factory=dict)
    # Ended ones by end, oldest first; the index keeps equal ends apart.
    over: list[tuple[datetime, int, str]] = field(default_factory=list)
    shown: dict[str, PageIncident] = field(default_factory=dict)

    def show(self, report: PageIncident) -> None:
        if has_ended(report):
            self.running.pop(report.id, None)
            if report.id not in self.shown or not has_ended(self.shown[report.id]):
                insort(self.over, (end_of(report), len(self.over), report.id))
        else:
            self.running[report.id] = report
            self.over = [entry for entry in self.over if entry[2] != report.id]
        self.shown[report.id] = report

    def set(self, component: str, severity: Severity, at: datetime) -> None:
        row = self.components[component]
        if severity is not Severity.UNKNOWN and severity is not row.severity:
            self.components[component] = replace(
                row, severity=severity, status=_STATUS[severity], updated_at=at
            )

    def snapshot(self, at: datetime, changed: Iterable[str]) -> Snapshot:
        newest = [id_ for _, _, id_ in self.over[-LIST_LENGTH:]]
        # What was just written is seen by whoever looks now, however old it is dated.
        listed = dict.fromkeys([*self.running, *reversed(newest), *changed])
        recent = tuple(self.shown[id_] for id_ in listed)
        return Snapshot(
            provider=self.provider,
            components=tuple(self.components.values()),
            reports=tuple(self.running.values()),
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
    page = _Page(
        provider,
        {id_: Component(id_, name, Severity.UP, "operational") for id_, name in names.items()},
    )
    first = min(doings)
    yield first - timedelta(minutes=1), page.snapshot(first - timedelta(minutes=1), ())
    for at in sorted(doings):
        touched = doings[at]
        written = [(a.report, u) for a in touched for u in a.report.updates if u.posted_at == at]
        if _clear_unsaid(page, written, at):
            yield at - _A_MOMENT, page.snapshot(at - _A_MOMENT, ())
        for report, update in written:
            _apply(page, report, update, at)
        for archived in touched:
            _show(page, archived.report, at)
        yield at, page.snapshot(at, [archived.report.id for archived in touched])


def _doings(archive: Iterable[Archived]) -> dict[datetime, list[Archived]]:
    """Everything that happened on the page, by time."""
    doings: dict[datetime, list[Archived]] = defaultdict(list)
    for archived in archive:
        report = archived.report
        moments = {posted_at(report), *(update.posted_at for update in report.updates)}
        if has_ended(report) and not any(update.phase in ENDED for update in report.updates):
            moments.add(max(end_of(report), posted_at(report)))
        if archived.touched_at and archived.touched_at >= max(moments):
            moments.add(archived.touched_at)
        for moment in moments:
            doings[moment].append(archived)
    return doings


def _clear_unsaid(
    page: _Page, written: Iterable[tuple[PageIncident, PageUpdate]], at: datetime
) -> bool:
    """A component that an update found operational had recovered before, without a word."""
    cleared = False
    for _, update in written:
        for change in update.changes:
            was = page.components[change.component].severity
            if change.before is Severity.UP and was is not Severity.UP:
                page.set(change.component, Severity.UP, at - _A_MOMENT)
                cleared = True
    return cleared


def _apply(page: _Page, report: PageIncident, update: PageUpdate, at: datetime) -> None:
    for change in update.changes:
        page.set(change.component, change.after, at)
    if update.phase in ENDED and not update.changes:
        # The page unlinked its components while ending it, which leaves them operational.
        held = {c for r in page.running.values() if r.id != report.id for c in r.components}
        for component in {c.component for u in report.updates for c in u.changes} - held:
            page.set(component, Severity.UP, at)


def _show(page: _Page, report: PageIncident, at: datetime) -> None:
    """Put the incident on the page as it stood at `at`."""
    page.show(as_of(report, at))


def as_of(report: PageIncident, at: datetime) -> PageIncident:
    """The incident as the page showed it at `at`."""
    updates = tuple(update for update in report.updates if update.posted_at <= at)
    if len(updates) == len(report.updates) and _is_final(report, at):
        return replace(report, components=() if has_ended(report) else report.components)
    last = max(updates, key=lambda update: update.posted_at, default=None)
    phase = last.phase if last else report.phase
    if phase in ENDED and not updates:
        phase = "investigating"
    ended = phase in ENDED
    named = dict.fromkeys(c.component for update in updates for c in update.changes)
    return replace(
        report,
        phase=phase,
        impact=_impact(report, updates),
        resolved_at=(last.at if last else None) if ended else None,
        components=() if ended else tuple(named),
        updates=updates,
    )


def _is_final(report: PageIncident, at: datetime) -> bool:
    if not has_ended(report) or any(update.phase in ENDED for update in report.updates):
        return True
    return at >= max(end_of(report), posted_at(report))


def _impact(report: PageIncident, updates: Sequence[PageUpdate]) -> Severity:
    """Impact follows the worst component so far; where none was ever down it was set by hand."""
    every = [change.after for update in report.updates for change in update.changes]
    if worst(every).rank < Severity.DEGRADED.rank:
        return report.impact
    return worst(change.after for update in updates for change in update.changes)
