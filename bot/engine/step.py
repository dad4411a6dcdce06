"""One look at a page: (state, snapshot, now) → (state, what changed).

Pure and total: any two snapshots yield news, none raises. The same look taken in twice tells
nothing the second time (but confirms a component's change for the worse, see `components`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.domain.incident import Incident
from bot.domain.page import PageIncident, Snapshot
from bot.domain.state import State, Track
from bot.engine.attribution import settle
from bot.engine.components import believe
from bot.engine.endings import RETIRED_KEPT, look_for_missing, may_retire, uncertain, without_doubt
from bot.engine.first import begin
from bot.engine.incidents import Desk, read
from bot.engine.telling import tell


def step(
    state: State | None, snapshot: Snapshot, now: datetime, catalog: Catalog
) -> tuple[State, list[Incident]]:
    """Take in one look at a page.

    Returns the next state, and every incident that gained news, in the order of its news. The
    first look (`state` None) is the beginning: running incidents are taken up with one `OPENED`
    news each, so that a thread can join them midway, but nothing is told (the list is empty).
    """
    provider = catalog.provider(snapshot.provider)
    if state is None:
        state = begin(snapshot, now)
        after, _ = _take_in(Desk.of(state, provider, now, first=True), state, snapshot)
        return after, []
    if _says_nothing(snapshot, state):
        return on_failure(state, "the page lists nothing at all", now), []
    return _take_in(Desk.of(state, provider, now), state, snapshot)


def _says_nothing(snapshot: Snapshot, state: State) -> bool:
    """Neither components nor incidents, where there were components: the page is broken.

    Taken at its word, everything open would have ended.
    """
    told = snapshot.components or snapshot.incidents or snapshot.recent
    return not told and any(component.listed for component in state.components.values())


def on_failure(state: State, error: str, now: datetime) -> State:
    """The page cannot be read: remember since when and why. Nothing else changes."""
    return replace(state, failing_since=state.failing_since or now, failure=error)


def _take_in(desk: Desk, state: State, snapshot: Snapshot) -> tuple[State, list[Incident]]:
    snapshot = uncertain(desk, without_doubt(desk, snapshot))
    reports = _incidents(snapshot)
    explained = {name for report in reports for name in _news_about(desk, report, snapshot)}
    components, flaps = believe(
        state.components, snapshot, desk.now, None if desk.first else state.observed_at, explained
    )
    desk.names = {id_: component.name for id_, component in components.items()}
    for report in reports:
        read(desk, report)
    look_for_missing(desk, snapshot)
    settle(desk, components)
    incidents: dict[str, Incident] = {}
    tracks: dict[str, Track] = {}
    changed: list[Incident] = []
    retired = list(state.retired)
    listed = _history_ids(snapshot)
    if state.history_at is None:
        retired += [
            r.id
            for r in snapshot.recent or ()
            if r.has_ended
            and r.id not in desk.owners
            and (desk.first or r.posted_at < state.began_at)
        ]
    for id_, draft in desk.drafts.items():
        incident = tell(draft, desk)
        if draft.fresh:
            changed.append(incident)
        if may_retire(draft, incident.ended_at, desk.now, listed):
            retired += [name for name in draft.ids() if name not in retired]
        else:
            incidents[id_], tracks[id_] = incident, draft.tracked()
    fresh = {draft.incident.id: draft.fresh[0].at for draft in desk.drafts.values() if draft.fresh}
    changed.sort(key=lambda incident: fresh[incident.id])
    after = State(
        provider=state.provider,
        began_at=state.began_at,
        observed_at=desk.now,
        page_updated_at=snapshot.updated_at or state.page_updated_at,
        history_at=desk.now if snapshot.recent is not None else state.history_at,
        history_for=snapshot.updated_at if snapshot.recent is not None else state.history_for,
        components=components,
        incidents=incidents,
        tracks=tracks,
        retired=tuple(retired[-RETIRED_KEPT:]),
        debounced=state.debounced + flaps,
    )
    return after, changed


def _history_ids(snapshot: Snapshot) -> Collection[str] | None:
    if not snapshot.has_history:
        return ()
    return None if snapshot.recent is None else {report.id for report in snapshot.recent}


def _incidents(snapshot: Snapshot) -> list[PageIncident]:
    """What the look says of each incident, ended ones first and each in order of time.

    The history list is read after the summary: where it says that an incident has ended it is
    right. An incident open there alone is left for the next look, when the summary shows it.
    """
    said = {report.id: report for report in snapshot.incidents}
    for report in snapshot.recent or ():
        if report.has_ended:
            said[report.id] = report
    over = [report for report in said.values() if report.has_ended]
    running = [report for report in said.values() if not report.has_ended]
    return sorted(over, key=lambda incident: incident.end_at) + sorted(
        running, key=lambda report: report.created_at
    )


def _news_about(desk: Desk, report: PageIncident, snapshot: Snapshot) -> set[str]:
    """Components about which this report says something that is new to us."""
    if report.maintenance or report.has_ended:
        return set()
    owner = desk.owners.get(report.id)
    known = desk.drafts[owner].texts if owner else {}
    new = [update for update in report.updates if update.id not in known]
    told = {change.component for update in new for change in update.changes}
    if owner is None:
        told.update(report.components)
    if not report.linkable and (owner is None or new):
        # It cannot say which ones: it may explain any.
        told.update(component.id for component in snapshot.components)
    return told
