"""Which incident a component's state belongs to, once every report of a look is read.

- A component that got better is better under every incident that names it.
- One that got worse without a word belongs to the open incident that named it last.
- One that is down with no open incident naming it makes, or joins, an incident of ours.
- One that is still down when its incident ends is followed there, unless another names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.domain.incident import HANDED_OVER
from bot.domain.page import Severity
from bot.domain.state import ComponentState
from bot.engine.components import is_down
from bot.engine.derived import hand_over, join_or_open
from bot.engine.draft import Draft
from bot.engine.incidents import Desk

# On pages whose incidents name no component (OpenAI): how long after its last word an incident
# still explains a component that goes down.
EXPLAINS_FOR = timedelta(hours=6)


def settle(desk: Desk, components: Mapping[str, ComponentState]) -> None:
    """Bring all drafts and the believed component states together."""
    present = {id_: state for id_, state in components.items() if state.listed}
    for draft in list(desk.drafts.values()):
        if draft.incident.maintenance:
            continue
        if not draft.waiting:  # its end, if that is what it is, tells that they are up
            _ease(draft, present)
        if draft.gone:
            _forget(draft)
        elif draft.ended and (draft.incident.is_open or draft.is_new or draft.followed):
            _follow_or_let_go(desk, draft, present)
    homeless = []
    for id_, state in present.items():
        if not is_down(state.severity) or id_ in desk.provider.ignored:
            continue
        if not _attribute(desk, id_, state):
            homeless.append(id_)
    join_or_open(desk, homeless, components)
    hand_over(desk, namers=lambda component: namers(desk, component))


def namers(desk: Desk, component: str) -> list[Draft]:
    """Open incidents of the provider that name it, the one that did so last at the end."""
    naming = [d for d in desk.drafts.values() if d.blames and not d.ours and component in d.named]
    return sorted(naming, key=lambda draft: _named_at(draft, component))


def _named_at(draft: Draft, component: str) -> tuple[datetime, datetime]:
    link = draft.links.get(component)
    started = draft.incident.started_at
    return (link.named_at if link else started, started)


def _ease(draft: Draft, present: Mapping[str, ComponentState]) -> None:
    for id_, link in list(draft.links.items()):
        state = present.get(id_)
        # Unknown was never believed, except at first sight: that is no recovery.
        if state is None or state.severity is Severity.UNKNOWN:
            continue
        if state.severity.rank < link.severity.rank:
            draft.ease(id_, state.severity)
            draft.moved(state.since)


def _forget(draft: Draft) -> None:
    """The provider takes back what it said: what is down is nobody's again."""
    for id_ in list(draft.links):
        draft.ease(id_, Severity.UP)
    draft.followed = False


def _follow_or_let_go(desk: Desk, draft: Draft, present: Mapping[str, ComponentState]) -> None:
    """After its end an incident keeps only components that are down and nobody else's."""
    handed = []
    for id_, link in list(draft.links.items()):
        state = present.get(id_)
        down = is_down(state.severity) if state else False
        stays = down and is_down(link.worst) and id_ not in draft.cleared
        if stays and draft.followed and not is_down(link.severity):
            stays = False  # it had cleared; what is down now is another matter
        taken = down and bool(namers(desk, id_))
        if stays and taken:
            handed.append(id_)
        if stays and not taken and state is not None:
            draft.link(id_, state.severity, link.named_at)
        elif taken:
            draft.release(id_, "" if draft.incident.is_open else HANDED_OVER)
        else:
            draft.ease(id_, Severity.UP)
    draft.followed = any(is_down(link.severity) for link in draft.links.values())
    if handed and not draft.followed and not draft.is_new:
        other = namers(desk, handed[0])[-1].incident.title
        draft.note = f"What is still down belongs to “{other}”."


def _attribute(desk: Desk, component: str, state: ComponentState) -> bool:
    """Find whose it is that `component` is down; worsen that incident if need be."""
    if any(
        draft.followed and is_down(draft.links[component].severity)
        for draft in desk.drafts.values()
        if component in draft.links
    ):
        return True
    named = namers(desk, component) or _unlinked(desk, component, state)
    if not named:
        return False
    suffered = [d.links[component].severity for d in named if component in d.links]
    if not any(severity.rank >= state.severity.rank for severity in suffered):
        named[-1].link(component, state.severity, state.since)
        named[-1].moved(state.since)
    return True


def _unlinked(desk: Desk, component: str, state: ComponentState) -> list[Draft]:
    """An incident that names no component at all: one whose words fit, the newest first.

    On a page that never ties incidents to components, else the newest of the last hours.
    """
    surface = desk.provider.surface_of(component, state.name)
    candidates = sorted(
        (d for d in desk.drafts.values() if d.blames and not d.ours),
        key=lambda draft: draft.incident.started_at,
    )
    fitting = [
        draft
        for draft in candidates
        if surface in draft.words and not (draft.linkable and draft.named)
    ]
    recent = [
        draft
        for draft in candidates
        if not draft.linkable and state.since - draft.last_word_at <= EXPLAINS_FOR
    ]
    return (fitting or recent)[-1:]
