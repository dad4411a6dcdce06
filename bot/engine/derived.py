"""Derived incidents: components that are down while the provider says nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta

from bot.domain.incident import Ending, Incident, Origin
from bot.domain.page import Severity
from bot.domain.state import Track
from bot.engine.incidents import REOPENS_WITHIN
from bot.engine.poll import Observation, Poll
from bot.engine.stages import Attribution

# A component that goes down later than this after the beginning is another event (guess).
JOINS_WITHIN = timedelta(hours=2)
# A component that the page no longer lists cannot be followed for ever (guess).
FORGOTTEN_AFTER = timedelta(hours=24)


def derive(
    poll: Poll, owned: dict[str, Attribution], unattributed: Collection[str]
) -> dict[str, Attribution]:
    """Return `owned` with every unattributed component in a derived incident."""
    owned = dict(owned)
    new = []
    for component in unattributed:
        state = poll.components[component]
        one = _joined(poll, component, [o for o in owned.values() if o.seen.derived])
        if one is None:
            new.append(component)
            continue
        if one.is_over:
            one = replace(one, reopened=True)
        known = one.links.get(component)
        if known is None or known.severity.rank < state.severity.rank:
            one = one.moved(component, state.severity, state.since)
        owned[one.id] = one
    if new:
        one = _opened(poll, new, taken=owned)
        owned[one.id] = one
    for id_, one in owned.items():
        if one.seen.derived and not one.is_over:
            unlisted = [
                component
                for component, link in one.links.items()
                if link.severity.is_impaired
                and (row := poll.components.get(component))
                and row.unlisted_since
                and poll.now - row.unlisted_since > FORGOTTEN_AFTER
            ]
            now = one.without(unlisted, Ending.NOT_LISTED) if unlisted else one
            now = now.titled(poll)
            # Without a component that is down it is over; one in maintenance is not up again.
            owned[id_] = replace(now, follows=now.is_not_up and not now.is_impaired)
    return owned


def hand_over(
    owned: dict[str, Attribution], owners_of: Callable[[str], list[Attribution]]
) -> dict[str, Attribution]:
    """Release what an incident of the provider names, posted too late to continue a derived one."""
    after = dict(owned)
    for id_, one in owned.items():
        if not one.seen.derived or one.is_over or not one.is_impaired:
            continue
        takers = {
            component: owners[-1]
            for component, link in one.links.items()
            if link.severity.is_impaired and (owners := owners_of(component))
        }
        if takers:
            title = next(iter(takers.values())).seen.incident.title
            after[id_] = replace(one.without(takers, Ending.HANDED_OVER), taken_by=title)
    return after


def _joined(poll: Poll, component: str, derived: list[Attribution]) -> Attribution | None:
    """The derived incident that a component belongs to, the newest first.

    One that has it, or had it and ended a short while ago; else one that began lately.
    """
    since = poll.components[component].since
    for one in reversed(derived):
        ended = one.seen.incident.ended_at
        if component in one.links and (ended is None or poll.now - ended <= REOPENS_WITHIN):
            return one
    for one in reversed(derived):
        if not one.is_over and since - one.seen.incident.started_at <= JOINS_WITHIN:
            return one
    return None


def _opened(poll: Poll, components: list[str], taken: Collection[str]) -> Attribution:
    began = min(poll.components[component].since for component in components)
    # A component may go down again with the very time that an earlier incident bears.
    second = int(began.timestamp())
    while (id_ := f"own-{components[0]}-{second}") in taken or id_ in poll.state.archived:
        second += 1
    incident = Incident(
        provider=poll.provider.id,
        id=id_,
        title="",
        phase="",
        origin=Origin.OURS,
        started_at=began,
        severity=Severity.UP,
        worst=Severity.UP,
        url=poll.provider.page,
    )
    one = Attribution(Observation(incident, Track(), Track()), links={})
    for component in components:
        state = poll.components[component]
        one = one.moved(component, state.severity, state.since)
    return replace(one, moved_at=None)
