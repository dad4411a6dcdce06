"""Stage 2, attribute: whose a component's state is, once every incident of a poll is observed.

- A component that got better is better under every incident that names it.
- One that got worse without a word belongs to the open incident that named it last.
- One that is down with no open incident naming it makes, or joins, a derived incident.
- One that is still down when its incident ends is followed there, unless another names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.incident import Ending
from bot.domain.page import Severity
from bot.domain.state import ComponentLink, ComponentState
from bot.engine.derived import derive, hand_over
from bot.engine.poll import Observation, Poll
from bot.engine.stages import Attribution

# On pages whose incidents name no component (OpenAI): how long after its last word an incident
# still explains a component that goes down (guess).
EXPLAINS_FOR = timedelta(hours=6)


def attribute(poll: Poll, observed: Mapping[str, Observation]) -> dict[str, Attribution]:
    """Return every incident with its components: the observed ones, and new derived ones."""
    present = {id_: state for id_, state in poll.components.items() if state.listed}
    owned = {id_: Attribution.of(seen, present) for id_, seen in observed.items()}
    explaining = [one for one in owned.values() if one.seen.can_explain]
    owned = {id_: _after_its_end(one, present, explaining) for id_, one in owned.items()}
    unattributed = []
    for component, state in present.items():
        if not state.severity.is_impaired or component in poll.provider.ignored:
            continue
        if any(o.follows and o.has_down(component) for o in owned.values()):
            continue
        explaining = [one for one in owned.values() if one.seen.can_explain]
        owners = owners_of(component, explaining)
        owners = owners or _unlinked(poll, component, state, explaining)
        if not owners:
            unattributed.append(component)
            continue
        suffered = [o.links[component].severity for o in owners if component in o.links]
        if not any(severity.rank >= state.severity.rank for severity in suffered):
            last = owners[-1].moved(component, state.severity, state.since)
            owned[last.id] = last
    owned = derive(poll, owned, unattributed)
    explaining = [one for one in owned.values() if one.seen.can_explain]
    return hand_over(owned, lambda component: owners_of(component, explaining))


def owners_of(component: str, explaining: Iterable[Attribution]) -> list[Attribution]:
    """The incidents that name `component`, the one that did so last at the end."""

    def named_at(one: Attribution) -> tuple[datetime, datetime]:
        link, started = one.links.get(component), one.seen.incident.started_at
        return (link.named_at if link else started, started)

    return sorted((one for one in explaining if component in one.named), key=named_at)


def _after_its_end(
    one: Attribution, present: Mapping[str, ComponentState], explaining: list[Attribution]
) -> Attribution:
    """After its end an incident keeps only components that are down and nobody else's."""
    seen, over = one.seen, one.seen.ending.is_over and not one.seen.incident.maintenance
    if over and seen.withdrawn_now:
        # Its words do not count any more: what is down becomes unattributed.
        links = {id_: replace(link, severity=Severity.UP) for id_, link in one.links.items()}
        return replace(one, links=links, follows=False)
    if not over or not (seen.incident.is_open or one.follows):
        return one
    links, released, taken_by = {}, set[str](), ""
    for component, link in one.links.items():
        row = present.get(component)
        impaired = row is not None and row.severity.is_impaired
        stays = (
            impaired
            and link.worst.is_impaired
            and component not in seen.cleared
            # What it had cleared and is down now is another matter.
            and (link.severity.is_impaired or not one.follows)
        )
        # Down until a maintenance took over: it is not up again.
        in_maintenance = (
            row is not None
            and row.severity is Severity.MAINTENANCE
            and link.worst.is_impaired
            and (seen.incident.is_open or link.severity is Severity.MAINTENANCE)
        )
        takers = owners_of(component, explaining) if impaired else []
        if row and (in_maintenance or (stays and not takers)):
            links[component] = ComponentLink.of(link, row.severity, link.named_at)
            continue
        links[component] = replace(link, severity=Severity.UP)
        if takers and stays:
            taken_by = taken_by or takers[-1].seen.incident.title
        if takers and (stays or seen.incident.is_open):
            released.add(component)
    after = replace(one, links=links, released=frozenset(released), taken_by=taken_by)
    if taken_by and not seen.incident.is_open:
        after = replace(after, released_as=Ending.HANDED_OVER)
    if seen.ending is Ending.NOT_LISTED:
        after = after.without(links, Ending.NOT_LISTED)
    return replace(after, follows=after.is_not_up, taken_by="" if seen.is_new else taken_by)


def _unlinked(
    poll: Poll, component: str, state: ComponentState, explaining: Iterable[Attribution]
) -> list[Attribution]:
    """An incident that names no component at all: one whose words fit, the newest first.

    On a page that never ties incidents to components, else the newest of the last hours.
    """
    surface = poll.surface_of(component)
    by_age = sorted(explaining, key=lambda one: one.seen.incident.started_at)
    fitting = [
        one
        for one in by_age
        if surface in one.seen.track.words and not (one.seen.track.linkable and one.named)
    ]
    recent = [
        one
        for one in by_age
        if not one.seen.track.linkable and state.since - one.seen.last_word_at <= EXPLAINS_FOR
    ]
    return (fitting or recent)[-1:]
