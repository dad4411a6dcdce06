"""Blindness to a page that is worth a message: for long, and while something is wrong.

Pure. The answer is part of the state, so that what was told before a restart gets its end after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.blindness import Blindness
from bot.domain.incident import Impact
from bot.domain.page import worst
from bot.domain.state import State


def with_blindness(state: State, now: datetime, after: timedelta) -> State:
    """Return the state with its `blindness` begun, ended, or as it was.

    `state` is that of a poll, with what other evidence made of it: strong evidence is an open
    suspected incident there. `after`: how long the page must have failed.
    """
    blindness, failing_since = state.blindness, state.failing_since
    if failing_since is None:
        if blindness is not None and blindness.ended_at is None:
            return replace(state, blindness=replace(blindness, ended_at=now))
        return state
    if now - failing_since < after or (blindness and blindness.since == failing_since):
        return state
    going_on = [
        incident
        for incident in state.incidents.values()
        if incident.is_open and incident.severity.is_impaired
        # What the people of one workspace alone suspect is told to nobody else.
        if not incident.quiet and not incident.visibility
    ]
    if not going_on:
        return state
    begun = Blindness(
        state.provider,
        failing_since,
        now,
        _impaired(incident.surfaces for incident in going_on),
        _impaired(incident.concerned for incident in going_on),
        worst(incident.severity for incident in going_on),
        by_default=any(incident.by_default for incident in going_on),
    )
    return replace(state, blindness=begun)


def _impaired(several: Iterable[Mapping[str, Impact]]) -> dict[str, Impact]:
    """Return what is impaired at present by any of these impacts, each as bad as by the worst."""
    found: dict[str, Impact] = {}
    for surface, impact in (one for impacts in several for one in impacts.items()):
        if impact.now.is_impaired:
            severity = worst([impact.now, found.get(surface, impact).now])
            found[surface] = Impact(severity, severity)
    return found
