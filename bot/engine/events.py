"""What happened to one incident in one look, as a list of events still without numbers.

The updates in their order, and among them (or beside them, if no update says it) the turns of
the story: its beginning, its end, its reopening.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.incident import EventKind, Incident
from bot.domain.page import ENDED, PageUpdate, Severity
from bot.engine.draft import Draft

# These stand for the change of state themselves; a plain update may be promoted to carry one.
PLAIN = (EventKind.UPDATE,)


@dataclass(frozen=True, slots=True)
class Event:
    """What is to be told, before it is numbered: a kind, and the words it comes with."""

    kind: EventKind
    update: PageUpdate | None = None


def events_of(draft: Draft, before: Incident) -> list[Event]:
    updates = [Event(EventKind.UPDATE, update) for update in draft.updates]
    if draft.gone:
        return [] if before.withdrawn else [Event(EventKind.WITHDRAWN)]
    if draft.is_new:
        return _beginning(draft, updates)
    if draft.reopened:
        return _reopening(updates)
    if draft.ended:
        if before.is_open:
            return _ending(draft, updates)
        return [_afterwards(event) for event in updates] + _farewell(draft, before)
    return _running(draft, before, updates)


def _running(draft: Draft, before: Incident, updates: list[Event]) -> list[Event]:
    if before.maintenance and _begins(draft, before):
        first = next((i for i, e in enumerate(updates) if _in_progress(e)), len(updates))
        started = Event(EventKind.STARTED, updates[first].update if updates[first:] else None)
        return [*updates[:first], started, *updates[first + 1 :]]
    if not updates and draft.report and draft.report.phase != before.phase:
        return [Event(EventKind.UPDATE)]  # a page (or a recording) that keeps no texts
    return updates


def _beginning(draft: Draft, updates: list[Event]) -> list[Event]:
    if draft.ended:
        return [Event(EventKind.OVER, updates[-1].update if updates else None)]
    kind = EventKind.OPENED
    if draft.incident.maintenance:
        waiting = draft.report is not None and draft.report.phase == "scheduled"
        kind = EventKind.SCHEDULED if waiting else EventKind.STARTED
    return [Event(kind, updates[0].update if updates else None), *updates[1:]]


def _reopening(updates: list[Event]) -> list[Event]:
    for i, event in enumerate(updates):
        if event.update is not None and event.update.phase not in ENDED:
            return [*updates[:i], replace(event, kind=EventKind.REOPENED), *updates[i + 1 :]]
    return [*updates, Event(EventKind.REOPENED)]


def _ending(draft: Draft, updates: list[Event]) -> list[Event]:
    """One end: the update that says so, wherever it stands, or news without words."""
    kind = EventKind.ENDED if draft.incident.maintenance else EventKind.RESOLVED
    says_so = [i for i, e in enumerate(updates) if e.update and e.update.phase in ENDED]
    if not says_so:
        return [*updates, Event(kind)]
    place = says_so[-1]
    while place - 1 in says_so:
        place -= 1
    after = [_afterwards(event) for event in updates[place + 1 :]]
    return [*updates[:place], replace(updates[place], kind=kind), *after]


def _afterwards(event: Event) -> Event:
    if event.update is not None and event.update.phase == "postmortem":
        return replace(event, kind=EventKind.POSTMORTEM)
    return event


def _farewell(draft: Draft, before: Incident) -> list[Event]:
    """It was followed for its components' sake, and they have become another incident's."""
    handed = before.severity is not Severity.UP and not draft.followed and draft.note
    return [Event(EventKind.BETTER)] if handed else []


def _begins(draft: Draft, before: Incident) -> bool:
    return (
        before.phase == "scheduled"
        and draft.report is not None
        and draft.report.phase != "scheduled"
    )


def _in_progress(event: Event) -> bool:
    return event.update is not None and event.update.phase in ("in_progress", "verifying")
