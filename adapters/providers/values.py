"""Values that formats make of what they read: components, incidents with their updates, and the
snapshot of a page that lists incidents alone. Every function here takes anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.html import plain_text
from adapters.providers.fields import MAX_TEXT, MAX_TITLE
from adapters.providers.port import Page
from bot.domain.page import (
    ENDED,
    Component,
    ComponentChange,
    PageIncident,
    PageUpdate,
    Severity,
    Snapshot,
    worst,
)

# Phases of pages that have no words for them; those of the end are the engine's.
ONGOING, RESOLVED, POSTMORTEM = "ongoing", "resolved", "postmortem"
CUT = " […]"


def title(text: str) -> str:
    """Return a title as one plain line."""
    return cut(plain_text(text).replace("\n", " "), MAX_TITLE) or "Untitled incident"


def body(text: str) -> str:
    """Return the plain text of an update."""
    return cut(plain_text(text), MAX_TEXT)


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT


def made_id(*facts: object) -> str:
    """Return an id for what the page gives none: made of what never changes of it."""
    joined = "\n".join(map(str, facts))
    return "made-" + hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:16]


def changes(states: Mapping[str, Severity]) -> tuple[ComponentChange, ...]:
    """Return an update's word on components, where the page does not say what they were before."""
    return tuple(ComponentChange(id_, Severity.UNKNOWN, now) for id_, now in states.items())


def understood(severity: Severity) -> Severity:
    """Return an incident's impact, where the page says one: an unknown word adds nothing.

    The engine takes an unknown impact for a degraded incident, which is right where none is said.
    """
    return Severity.UP if severity is Severity.UNKNOWN else severity


def in_order(updates: Iterable[PageUpdate]) -> tuple[PageUpdate, ...]:
    """Return them oldest first, and each id once."""
    unique = {update.id: update for update in updates}
    return tuple(sorted(unique.values(), key=lambda update: (update.at, update.posted_at)))


def page_component(
    id_: str, name: str, status: str, severity: Severity, oddities: list[str]
) -> Component:
    """Return a row of the page; a status that is not understood is an oddity."""
    if severity is Severity.UNKNOWN:
        oddities.append(f"component {(name or id_)[:60]}: unknown status {status[:40]!r}")
    return Component(id_, name[:MAX_TITLE] or id_, severity, status)


def page_update(
    id_: str,
    at: datetime,
    text: str,
    states: Mapping[str, Severity],
    *,
    phase: str = "",
    posted_at: datetime | None = None,
) -> PageUpdate:
    """Return one dated text of an incident, with what it says of components."""
    phase, posted = phase or ONGOING, posted_at or at
    return PageUpdate(id_, phase, body(text), at, posted, changes(states))


def page_incident(
    id_: str,
    name: str,
    began: datetime,
    components: Iterable[str],
    impact: Severity,
    updates: Iterable[PageUpdate],
    *,
    phase: str = "",
    over: bool = False,
    ended: datetime | None = None,
    url: str = "",
) -> PageIncident:
    """Return one incident of one item of a list or feed.

    `impact`: by the page's word, or by the worst of what the item says. `phase`: the page's, for
    as long as it is not over. `ended`: if the page dates the end; else it came with the last
    update.
    """
    said, phase = in_order(updates), phase or ONGOING
    last = max((update.at for update in said), default=began)
    return PageIncident(
        id=id_,
        title=title(name),
        phase=phase if phase in ENDED or not over else RESOLVED,
        impact=impact,
        created_at=began,
        started_at=began,
        url=url,
        resolved_at=(ended or last) if over else None,
        components=tuple(components),
        updates=said,
    )


@dataclass(frozen=True, slots=True)
class Affecting:
    """An incident of the page, and what it does now to the components that we watch."""

    report: PageIncident
    now: Mapping[str, Severity]
    word: str  # the page's own word for how bad it is


def derived(
    page: Page,
    found: Iterable[Affecting],
    oddities: Iterable[str] = (),
    quiet: str = "no open incident",
) -> Snapshot:
    """Return the snapshot of a page without rows: components are as bad as what is open.

    `quiet` is what to say of a component that no open incident names.
    """
    affecting = list({one.report.id: one for one in found}.values())
    running = [one for one in affecting if one.report.resolved_at is None]
    components = []
    for id_ in page.components:
        here = [one for one in running if id_ in one.now]
        severity = worst(one.now[id_] for one in here)
        if severity is Severity.UP and any(one.now[id_] is Severity.UNKNOWN for one in here):
            severity = Severity.UNKNOWN  # part of it cannot be read: "up" would be a guess
        speaking = [one for one in here if one.now[id_] is severity]
        word = next((one.word for one in speaking if one.word), quiet)
        spoken = [update.at for one in speaking for update in one.report.updates]
        name, latest = page.name(id_)[:MAX_TITLE], max(spoken, default=None)
        components.append(Component(id_, name, severity, word[:MAX_TITLE], latest))
    return Snapshot(
        provider=page.provider,
        components=tuple(components),
        incidents=tuple(one.report for one in running),
        recent=tuple(one.report for one in affecting),
        recent_full=True,
        derived=True,
        oddities=tuple(oddities),
    )


def doubted(snapshot: Snapshot, unclear: str) -> Snapshot:
    """Return the snapshot without any "up", which cannot be believed (`unclear`; empty: it can)."""
    components = [
        replace(component, severity=Severity.UNKNOWN, status=unclear)
        if component.severity is Severity.UP and unclear
        else component
        for component in snapshot.components
    ]
    return replace(snapshot, components=tuple(components))


def active_only(snapshot: Snapshot, unclear: str = "") -> Snapshot:
    """Return the snapshot of a page that lists only what is active: leaving the list is the end.

    `unclear`: as of `doubted`.
    """
    return doubted(replace(snapshot, recent=None, has_history=False), unclear)
