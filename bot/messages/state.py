"""The state of an incident as an emoji, a word and a title."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.incident import EventKind, Incident, Origin
from bot.domain.message import EMOJI
from bot.domain.page import Severity, worst
from bot.messages.durations import duration, lasted
from bot.messages.text import short

MOMENT = timedelta(seconds=1)  # posted after the fact: begun and ended in the same breath
NOTICE = "ℹ️"
GONE = "✖️"
_LONGEST_NAME = 110
_SEVERITY_WORDS = frozenset(severity.words for severity in Severity)


def is_notice(incident: Incident) -> bool:
    """Nothing was ever said to be down: a notice, not an outage (`impact: none`)."""
    return incident.worst.rank <= Severity.UP.rank and not incident.maintenance


def is_planned(incident: Incident) -> bool:
    """A maintenance that has not begun."""
    begun = any(event.kind is EventKind.STARTED for event in incident.events)
    return incident.maintenance and incident.is_open and not begun


def emoji_of(incident: Incident) -> str:
    if incident.withdrawn:
        return GONE
    if incident.maintenance:
        return EMOJI[Severity.UP] if not incident.is_open else EMOJI[Severity.MAINTENANCE]
    if not incident.ending.recovers:
        return NOTICE
    if not incident.is_open:
        return EMOJI[worst_left(incident)]
    if is_notice(incident):
        return NOTICE
    return EMOJI[incident.severity]


def worst_left(incident: Incident) -> Severity:
    """Return how bad it still is although the incident may be over: green only when all is."""
    return worst(impact.now for impact in incident.surfaces.values())


def still_down(incident: Incident, catalog: Catalog) -> list[str]:
    """Surfaces that the provider left down when it closed the incident."""
    down = [s for s, impact in incident.surfaces.items() if impact.now.rank > Severity.UP.rank]
    return catalog.order(down)


def state_words(incident: Incident, now: datetime) -> str:
    """The word for where it stands: "major outage", "resolved after 73 min", …"""
    if incident.withdrawn:
        return "withdrawn by the provider"
    if incident.maintenance:
        running = "planned" if is_planned(incident) else "under way"
        return f"maintenance {running if incident.is_open else 'over'}"
    if incident.is_open:
        well = "notice" if is_notice(incident) else "up again, still watched"
        return incident.severity.words if incident.severity.rank > Severity.UP.rank else well
    if not incident.ending.recovers:
        return incident.ending.value
    if incident.origin is Origin.SUSPECTED:
        return "nothing confirmed"
    ended = "over" if incident.origin is Origin.OURS else "resolved"
    length = lasted(incident, now)
    return f"{ended} after {duration(length)}" if length >= MOMENT else "already over"


def name_of(incident: Incident, length: int = _LONGEST_NAME) -> str:
    """Return the incident's name. The title of one of ours ends in how bad it was; we say that
    where it stands, as it is now.
    """
    title = incident.title
    head, _, tail = title.rpartition(": ")
    if incident.origin is Origin.OURS and tail in _SEVERITY_WORDS:
        title = head
    return short(title, length)


def title_of(incident: Incident, now: datetime) -> str:
    """The title with its state ("… · major outage"); the emoji stands apart from it."""
    doubted = incident.origin is Origin.SUSPECTED and not incident.title.startswith("Suspected")
    mark = "Suspected: " if doubted else ""
    return f"{mark}{name_of(incident)} · {state_words(incident, now)}"
