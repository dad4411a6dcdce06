"""What to believe of each component after one look, and since when.

A change for the worse is held back for one look unless it is a major outage or an incident
explains it. A component that vanished keeps what it was: a list cut at 25 rows with changing
members (OpenAI) says nothing about those it leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.page import Component, Severity, Snapshot
from bot.domain.state import ComponentState


def is_down(severity: Severity) -> bool:
    """Maintenance and unknown are not down."""
    return severity.rank >= Severity.DEGRADED.rank


def believe(
    before: Mapping[str, ComponentState],
    snapshot: Snapshot,
    now: datetime,
    searched_at: datetime | None,
    explained: Collection[str],
) -> tuple[dict[str, ComponentState], int]:
    """Return the components as now believed, and how many one-look flaps were never told.

    `looked_at` is the last good look (None: this is the first), `explained` are components
    about which an incident says something new in this look.
    """
    believed = {
        id_: state if not state.listed else replace(state, listed=False, unlisted_since=now)
        for id_, state in before.items()
    }
    flaps = 0
    for component in snapshot.components:
        known = before.get(component.id)
        if known is None:
            believed[component.id] = _first(component, now)
            continue
        believed[component.id], flap = _next(
            replace(known, name=component.name, listed=True, unlisted_since=None),
            component,
            _since(component, now, searched_at),
            at_once=component.id in explained,
        )
        flaps += flap
    return believed, flaps


def _first(component: Component, now: datetime) -> ComponentState:
    return ComponentState(
        name=component.name,
        severity=component.severity,
        status=component.status,
        since=min(component.updated_at or now, now),
        unclear=component.severity is Severity.UNKNOWN,
    )


def _since(component: Component, now: datetime, searched_at: datetime | None) -> datetime:
    """When it changed: the page's time if that can be true, else the time of this look."""
    told = component.updated_at
    if told is None or told > now or (searched_at is not None and told < searched_at):
        # Pages that give all components one time (OpenAI) name one of long before.
        return now
    return told


def _next(
    known: ComponentState, component: Component, since: datetime, *, at_once: bool
) -> tuple[ComponentState, bool]:
    new = component.severity
    if new is Severity.UNKNOWN:
        return replace(known, status=component.status, unclear=True), False
    known = replace(known, unclear=False)
    calm = replace(known, pending=None, pending_since=None)
    if new.rank <= known.severity.rank or known.severity is Severity.UNKNOWN:
        flap = known.pending is not None
        if new is known.severity:
            return replace(calm, status=component.status), flap
        return replace(calm, severity=new, status=component.status, since=since), flap
    if known.pending is not None or at_once or not is_down(new) or new is Severity.MAJOR:
        # Confirmed by a second look: it began when it was first seen.
        began = known.pending_since or since
        return replace(calm, severity=new, status=component.status, since=began), False
    return replace(known, pending=new, pending_since=since, status=component.status), False
