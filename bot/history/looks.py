"""Readings for the record: the page's rows, its list, our own evidence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from bot.catalog.providers import Provider
from bot.domain.page import Severity, Snapshot, worst
from bot.domain.state import ComponentState
from bot.evidence.suspicion import Signals, case_against, score
from bot.history.spans import Reading

# Reaches back as far as anybody may ask.
EVER = datetime.fromtimestamp(0, UTC)


def whole_since(snapshot: Snapshot) -> datetime | None:
    """Since when the list tells every incident; None: it never claims that.

    A list is sorted by the end of incidents and cut at its length; what ended before its last
    one is missing. Of a page without rows nobody knows what has left it.
    """
    if snapshot.derived or snapshot.recent is None:
        return None
    if not snapshot.recent_full:
        return EVER
    return min((one.end_at for one in snapshot.recent if one.has_ended), default=None)


def rows_of(components: Mapping[str, ComponentState], provider: Provider) -> dict[str, Reading]:
    """Return what the page's rows say of each surface now: the worst of its components."""
    rows: dict[str, list[ComponentState]] = {}
    for id_, component in components.items():
        surface = provider.surface_of(id_, component.name)
        if surface is not None and component.listed:
            rows.setdefault(surface, []).append(component)
    found = {}
    for surface, several in rows.items():
        severity = worst(one.severity for one in several)
        if all(one.unclear for one in several):
            severity = Severity.UNKNOWN
        found[surface] = Reading(severity, max(one.since for one in several))
    return found


def evidenced(signals: Signals, now: datetime) -> dict[str, Reading]:
    """Return what our own evidence says of each surface now, where it suffices to say anything."""
    found: dict[str, Reading] = {}
    for surface in dict.fromkeys(piece.surface for piece in signals.evidence):
        case = case_against(surface, signals.evidence, now)
        if case.opens:
            found[surface] = Reading(worst(piece.severity for piece in case.against))
        elif any(
            piece.surface == surface and piece.severity is Severity.UP and score(piece, now) > 0
            for piece in signals.evidence
        ):
            found[surface] = Reading(Severity.UP)
    return found
