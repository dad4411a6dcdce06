"""What all formats share: times and texts as pages write them, and states made of incidents.

Text limits and lenient field types are those of `fields`; every function here takes anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

from pydantic import BeforeValidator

from adapters.providers.fields import MAX_TEXT, MAX_TITLE, read_time
from adapters.providers.html import plain_text
from adapters.providers.incidents import CUT
from adapters.providers.port import Page
from bot.domain.page import (
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


def read_moment(value: object) -> datetime | None:
    """A page's time as aware UTC: ISO 8601, epoch seconds (AWS), or RFC 822 (feeds)."""
    if isinstance(value, str) and (found := read_time(value)):
        return found
    try:
        if isinstance(value, str) and not value.strip().isdecimal():
            moment = parsedate_to_datetime(value.strip())
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(int(value), UTC)
        else:
            return None
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return moment if 1990 <= moment.year <= 2200 else None


Moment = Annotated[datetime | None, BeforeValidator(read_moment)]


def title(text: str) -> str:
    plain = plain_text(text).replace("\n", " ")
    return _cut(plain, MAX_TITLE) or "Untitled incident"


def body(text: str) -> str:
    return _cut(plain_text(text), MAX_TEXT)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT


def made_id(*facts: object) -> str:
    """An id for what the page gives none: made of what never changes of it."""
    joined = "\n".join(map(str, facts))
    return "made-" + hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:16]


def changes(states: Mapping[str, Severity]) -> tuple[ComponentChange, ...]:
    """What an update says of components, where the page does not say what they were before."""
    return tuple(ComponentChange(id_, Severity.UNKNOWN, now) for id_, now in states.items())


def understood(severity: Severity) -> Severity:
    """An incident's impact, where the page says one: a word that is not understood adds nothing.

    The engine takes an unknown impact for a degraded incident, which is right where none is said.
    """
    return Severity.UP if severity is Severity.UNKNOWN else severity


def in_order(updates: Iterable[PageUpdate]) -> tuple[PageUpdate, ...]:
    """Oldest first, and each id once."""
    unique = {update.id: update for update in updates}
    return tuple(sorted(unique.values(), key=lambda update: (update.at, update.posted_at)))


@dataclass(frozen=True, slots=True)
class Affecting:
    """An incident of the page, and what it does now to the components that we watch."""

    report: PageIncident
    now: Mapping[str, Severity]
    word: str  # the page's own word for how bad it is
    over: bool


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
    running = [one for one in affecting if not one.over]
    return Snapshot(
        provider=page.provider,
        components=tuple(_component(page, id_, running, quiet) for id_ in page.components),
        incidents=tuple(one.report for one in running),
        recent=tuple(one.report for one in affecting),
        recent_full=True,
        derived=True,
        oddities=tuple(oddities),
    )


def _component(page: Page, id_: str, running: Iterable[Affecting], quiet: str) -> Component:
    here = [one for one in running if id_ in one.now]
    severity = worst((one.now[id_] for one in here), default=Severity.UP)
    if severity is Severity.UP and any(one.now[id_] is Severity.UNKNOWN for one in here):
        severity = Severity.UNKNOWN  # part of it cannot be read: "up" would be a guess
    speaking = [one for one in here if one.now[id_] is severity]
    words = [one.word for one in speaking if one.word]
    return Component(
        id=id_,
        name=page.name(id_)[:MAX_TITLE],
        severity=severity,
        status=(words[0] if words else quiet)[:MAX_TITLE],
        updated_at=max((u.at for one in speaking for u in one.report.updates), default=None),
    )
