"""Incidents of our own: components that are down while the provider says nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from bot.domain.incident import HANDED_OVER, NOT_LISTED, Incident, Origin
from bot.domain.page import Severity, worst
from bot.domain.state import ComponentState, Track
from bot.engine.components import is_down
from bot.engine.draft import Draft
from bot.engine.incidents import REOPENS_WITHIN, Desk

# A component that goes down later than this after the beginning is another event.
JOINS_WITHIN = timedelta(hours=2)
# A component that the page no longer lists cannot be followed for ever.
FORGOTTEN_AFTER = timedelta(hours=24)


def join_or_open(
    desk: Desk, homeless: Collection[str], components: Mapping[str, ComponentState]
) -> None:
    """Give components that are down, and nobody's, to an incident of ours."""
    ours = [draft for draft in desk.drafts.values() if draft.ours]
    new = []
    for id_ in homeless:
        holder = _holder(ours, id_, desk) or _joinable(ours, components[id_])
        if holder is None:
            new.append(id_)
            continue
        if holder.ended:
            holder.ended, holder.reopened = False, True
        state = components[id_]
        known = holder.links.get(id_)
        if known is None or known.severity.rank < state.severity.rank:
            holder.link(id_, state.severity, state.since)
            holder.moved(state.since)
    if new:
        ours.append(_opened(desk, new, components))
    for draft in ours:
        _forget_unlisted(desk, draft, components)
        draft.incident = replace(draft.incident, title=_title(desk, draft, components))
        if not draft.ended and not any(is_down(link.severity) for link in draft.links.values()):
            draft.ended, draft.end_at = True, draft.moved_at


def _holder(ours: list[Draft], component: str, desk: Desk) -> Draft | None:
    """Ours that has it already, or had it and ended a short while ago."""
    for draft in reversed(ours):
        if component not in draft.links:
            continue
        ended = draft.incident.ended_at
        if ended is None or desk.now - ended <= REOPENS_WITHIN:
            return draft
    return None


def _joinable(ours: list[Draft], state: ComponentState) -> Draft | None:
    for draft in reversed(ours):
        if not draft.ended and state.since - draft.incident.started_at <= JOINS_WITHIN:
            return draft
    return None


def _opened(desk: Desk, ids: list[str], components: Mapping[str, ComponentState]) -> Draft:
    began = min(components[id_].since for id_ in ids)
    incident = Incident(
        provider=desk.provider.id,
        id=_free_id(desk, ids[0], int(began.timestamp())),
        title="",
        phase="",
        origin=Origin.OURS,
        started_at=began,
        severity=Severity.UP,
        worst=Severity.UP,
        url=desk.provider.page,
    )
    draft = Draft.of(incident, Track())
    for id_ in ids:
        draft.link(id_, components[id_].severity, components[id_].since)
    desk.add(draft)
    return draft


def _free_id(desk: Desk, component: str, second: int) -> str:
    """A component may go down again with the very time that an earlier incident bears."""
    while (id_ := f"own-{component}-{second}") in desk.drafts or id_ in desk.retired:
        second += 1
    return id_


def _title(desk: Desk, draft: Draft, components: Mapping[str, ComponentState]) -> str:
    """What is down, and how badly at worst: "Claude Code and API: partial outage"."""
    names = []
    for id_ in draft.links:
        name = components[id_].name if id_ in components else id_
        surface = desk.provider.surface_of(id_, name)
        label = next((s.label for s in desk.provider.surfaces if s.id == surface), name)
        if label not in names:
            names.append(label)
    shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    joined = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    return f"{joined}: {worst(link.worst for link in draft.links.values()).words}"


def _forget_unlisted(desk: Desk, draft: Draft, components: Mapping[str, ComponentState]) -> None:
    for id_, link in list(draft.links.items()):
        state = components.get(id_)
        gone_at = state.unlisted_since if state else None
        if is_down(link.severity) and gone_at and desk.now - gone_at > FORGOTTEN_AFTER:
            draft.release(id_, NOT_LISTED)
            draft.note = "The page no longer lists what was down."


def hand_over(desk: Desk, namers: Callable[[str], list[Draft]]) -> None:
    """What an incident of the provider names too late to continue ours leaves ours for it."""
    for draft in desk.drafts.values():
        if not draft.ours or draft.ended:
            continue
        takers = {
            id_: found[-1]
            for id_, link in draft.links.items()
            if is_down(link.severity) and (found := namers(id_))
        }
        if not takers:
            continue
        for id_ in takers:
            draft.release(id_, HANDED_OVER)
        title = next(iter(takers.values())).incident.title
        if any(is_down(link.severity) for link in draft.links.values()):
            draft.note = f"The provider now tracks a part of this as “{title}”."
        else:
            draft.ended = True
            draft.note = f"The provider now tracks this as “{title}”."
