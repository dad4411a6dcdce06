"""Incidents that are no longer where they were: ended, deleted, or fallen off the page's list.

Leaving the summary is the normal sign of an end, so only the page's history list can tell the
three apart. What ended and left that list too can change no more, and is retired.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.incident import NOT_LISTED as NO_LONGER_LISTED
from bot.domain.incident import Origin
from bot.domain.page import PageIncident, PageList, Severity, Snapshot
from bot.domain.state import State
from bot.engine.components import is_down
from bot.engine.draft import Draft
from bot.engine.incidents import REOPENS_WITHIN, Desk

# Where no list tells that an incident can change no more.
RETIRED_AFTER = timedelta(days=2)
# A list may be a few seconds older than the end that the summary showed.
LIST_LAGS = timedelta(minutes=1)
RETIRED_KEPT = 1000  # ids; twenty times the length of a page's list
NOT_LISTED = "The provider no longer lists it."
# An open incident that left a page without rows may come back for so long (guess: as long as one
# that ended may be reopened). 10 of 165 of AWS's events left the list while they were open.
UNDECIDED_FOR = REOPENS_WITHIN
# A page that says it has not changed is asked for its list again after this time (guess).
HISTORY_EVERY = timedelta(minutes=10)


def needed_lists(state: State | None, summary: Snapshot, *, now: datetime) -> frozenset[PageList]:
    """The lists to read beside `summary`: the history when the page changed since it was read,
    from time to time, and whenever something open left the summary, since its end stands there.
    """
    if state is None or state.history_at is None or state.history_for is None:
        return frozenset({PageList.INCIDENTS})
    listed = {incident.id for incident in summary.incidents}
    left = [
        incident
        for incident in state.incidents.values()
        if incident.is_open
        and incident.origin is Origin.PROVIDER
        and not listed.intersection((incident.id, *incident.aliases))
    ]
    if any(incident.maintenance for incident in left):
        return frozenset(PageList)
    changed = summary.updated_at != state.history_for
    if left or changed or now - state.history_at >= HISTORY_EVERY:
        return frozenset({PageList.INCIDENTS})
    return frozenset()


def uncertain(desk: Desk, snapshot: Snapshot) -> Snapshot:
    """The look with unknown in place of up, for what an incident that is missing had down.

    Only on pages whose components are made of the incidents that they list.
    """
    if not snapshot.derived or not snapshot.has_history:
        return snapshot
    listed = {report.id for report in (*snapshot.incidents, *(snapshot.recent or ()))}
    unclear = {
        component
        for draft in desk.drafts.values()
        if draft.blames
        and not draft.ours
        and not listed.intersection(draft.ids())
        and not _is_given_up(draft, desk)
        for component, link in draft.links.items()
        if is_down(link.severity)
    }
    components = tuple(
        replace(component, severity=Severity.UNKNOWN, status=NO_LONGER_LISTED)
        if component.id in unclear and not is_down(component.severity)
        else component
        for component in snapshot.components
    )
    return replace(snapshot, components=components)


def _is_given_up(draft: Draft, desk: Desk) -> bool:
    since = draft.track.missing_since
    return since is not None and desk.now - since >= UNDECIDED_FOR


def look_for_missing(desk: Desk, snapshot: Snapshot) -> None:
    """Decide about every incident that this look did not show."""
    recent = _recent(snapshot)
    for draft in desk.drafts.values():
        if draft.report is not None or draft.ours:
            continue
        if draft.incident.maintenance:
            _miss_maintenance(draft, desk)
        elif draft.incident.is_open and snapshot.derived and snapshot.has_history:
            _miss_undecided(draft, desk)
        elif draft.incident.is_open:
            _miss_open(draft, desk, snapshot, recent)
        elif recent is not None and not draft.incident.withdrawn and not snapshot.derived:
            _miss_ended(draft, desk, snapshot, recent)


def without_doubt(desk: Desk, snapshot: Snapshot) -> Snapshot:
    """The look without its history list, if that is empty all of a sudden.

    A page may forget one incident; one that forgets all of them at once is broken.
    """
    known = sum(1 for draft in desk.drafts.values() if draft.page_end is not None)
    return replace(snapshot, recent=None) if snapshot.recent == () and known >= 2 else snapshot


def _recent(snapshot: Snapshot) -> Mapping[str, PageIncident] | None:
    """The history list by id, maintenance left out: pages keep that elsewhere."""
    if snapshot.recent is None:
        return None
    return {report.id: report for report in snapshot.recent if not report.maintenance}


def _listed(draft: Draft, recent: Mapping[str, PageIncident]) -> bool:
    return any(id_ in recent for id_ in draft.ids())


def _miss_open(
    draft: Draft, desk: Desk, snapshot: Snapshot, recent: Mapping[str, PageIncident] | None
) -> None:
    if recent is None:
        if not snapshot.has_history:
            draft.ended, draft.end_at = True, desk.now
        draft.waiting = snapshot.has_history
        return
    if _listed(draft, recent):
        draft.waiting = True  # open there: one of the two is old, the next look will show it
        return
    oldest = min((r.created_at for r in recent.values()), default=None)
    fell_off = snapshot.recent_full and oldest is not None and draft.incident.started_at < oldest
    draft.ended, draft.end_at = True, desk.now
    if fell_off:
        draft.note = NOT_LISTED
    else:
        draft.gone = True


def _miss_undecided(draft: Draft, desk: Desk) -> None:
    """It is gone, and nobody said that it is over: wait, then say that it is not listed."""
    draft.missing_since = draft.track.missing_since or desk.now
    if not _is_given_up(draft, desk):
        draft.waiting = True
        return
    draft.ended, draft.end_at = True, draft.missing_since
    for component in draft.links:
        draft.release(component)
    draft.let_go_as, draft.note = NO_LONGER_LISTED, NOT_LISTED


def _miss_ended(
    draft: Draft, desk: Desk, snapshot: Snapshot, recent: Mapping[str, PageIncident]
) -> None:
    end = draft.page_end
    if end is None or _listed(draft, recent) or desk.now - end < LIST_LAGS:
        return
    ends = [report.resolved_at for report in recent.values() if report.resolved_at]
    # The list is sorted by end: what ended before its last row fell off.
    if not snapshot.recent_full or (ends and end > min(ends)):
        draft.gone = True


def _miss_maintenance(draft: Draft, desk: Desk) -> None:
    """Maintenance leaves the summary when it is over, or was called off before it began."""
    if not draft.incident.is_open:
        return
    begins = draft.incident.scheduled_for
    draft.ended, draft.end_at = True, desk.now
    if draft.incident.phase == "scheduled" and begins is not None and desk.now < begins:
        draft.gone = True
        draft.note = "The maintenance was called off."


def may_retire(
    draft: Draft, ended_at: datetime | None, now: datetime, listed: Collection[str] | None
) -> bool:
    """Can nothing more come of it? Ended, followed to its end, and off the page's list.

    `listed` are the ids of the history list: None if not looked at, empty if there is none.
    """
    if ended_at is None or draft.followed or now - ended_at <= REOPENS_WITHIN:
        return False
    if draft.ours or draft.incident.maintenance or listed == ():
        return now - ended_at > RETIRED_AFTER
    return listed is not None and not any(id_ in listed for id_ in draft.ids())
