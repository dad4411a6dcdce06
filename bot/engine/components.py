"""Component states as they are believed after a poll, and since when.

A change for the worse is debounced for one poll unless it is a major outage or an incident
explains it. A component that vanished keeps what it was: a list cut at 25 rows with changing
members (OpenAI) says nothing about those it leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.page import Component, PageIncident, Severity, Snapshot
from bot.domain.state import ComponentState, State, Track


def explained(state: State, listed: Iterable[PageIncident], snapshot: Snapshot) -> set[str]:
    """Components about which an open incident says something new: they need no second poll."""
    known, found = state.our_ids, set[str]()
    for page in listed:
        if page.maintenance or page.has_ended:
            continue
        owner = known.get(page.id)
        texts = state.tracks.get(owner, Track()).texts if owner else {}
        new = [update for update in page.updates if update.id not in texts]
        found.update(change.component for update in new for change in update.changes)
        if owner is None:
            found.update(page.components)
        if not page.linkable and (owner is None or new):
            # It cannot say which ones: it may explain any.
            found.update(component.id for component in snapshot.components)
    return found


def believe(
    before: Mapping[str, ComponentState],
    snapshot: Snapshot,
    now: datetime,
    polled_at: datetime | None,
    explained: Collection[str],
) -> tuple[dict[str, ComponentState], int]:
    """Return the components as now believed, and how many changes of one poll were never told.

    `polled_at` is the last good poll (None: this is the first), `explained` are components about
    which an incident says something new at this poll.
    """
    believed = {
        id_: state if not state.listed else replace(state, listed=False, unlisted_since=now)
        for id_, state in before.items()
    }
    flaps = 0
    for component in snapshot.components:
        known = before.get(component.id)
        if known is None:
            believed[component.id] = ComponentState(
                name=component.name,
                severity=component.severity,
                status=component.status,
                since=min(component.updated_at or now, now),
                unclear=component.severity is Severity.UNKNOWN,
            )
            continue
        since = component.updated_at
        if since is None or since > now or (polled_at is not None and since < polled_at):
            # Pages that give all components one time (OpenAI) name one of long before.
            since = now
        listed = replace(known, name=component.name, listed=True, unlisted_since=None)
        believed[component.id], flap = _next(
            listed, component, since, at_once=component.id in explained
        )
        flaps += flap
    return believed, flaps


def _next(
    known: ComponentState, component: Component, since: datetime, *, at_once: bool
) -> tuple[ComponentState, bool]:
    """The state after one that is `known`, and whether a debounced change went as it came."""
    new = component.severity
    if new is Severity.UNKNOWN:
        return replace(known, status=component.status, unclear=True), False
    known = replace(known, unclear=False)
    settled = replace(known, pending=None, pending_since=None)
    if new.rank <= known.severity.rank or known.severity is Severity.UNKNOWN:
        flap = known.pending is not None
        if new is known.severity:
            return replace(settled, status=component.status), flap
        return replace(settled, severity=new, status=component.status, since=since), flap
    if known.pending is not None or at_once or not new.is_impaired or new is Severity.MAJOR:
        # Confirmed by a second poll: it began when it was first seen.
        began = known.pending_since or since
        return replace(settled, severity=new, status=component.status, since=began), False
    return replace(known, pending=new, pending_since=since, status=component.status), False
