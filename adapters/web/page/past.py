"""Incidents of the past for pages: by month, and of one surface."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.web.page.incidents import colour_of
from bot.domain.incident import Incident, SeenBy
from bot.domain.page import Severity
from bot.messages.advice import how_long_words
from bot.messages.durations import timeline
from bot.messages.state import is_planned, name_of, state_words
from bot.status.duration import expected_duration
from bot.status.service import StatusService
from bot.status.view import StatusView

if TYPE_CHECKING:
    from adapters.web.app import Web


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One line of a list."""

    key: str
    url: str
    title: str
    severity: Severity | None
    withdrawn: bool
    # The provider's own list alone tells it: it was over before we looked.
    from_page: bool
    started_at: datetime
    # "major 40 min, partial 73 min".
    went: str
    surfaces: str


async def incidents_between(
    view: StatusView, status: StatusService, since: datetime, until: datetime
) -> list[IncidentLine]:
    """Incidents that began then, newest first; those too that only the page's list tells."""
    seen = await status.incidents_since(since)
    lines = _lines((i for i in seen if not is_planned(i)), view)
    chosen = [line for line in lines if since <= line.started_at < until]
    return sorted(chosen, key=lambda line: line.started_at, reverse=True)


async def known_past(web: Web, view: StatusView) -> list[Incident]:
    """Incidents of the last half year, those of lately as they are now; any order."""
    known = {incident.key: incident for incident in await web.past.get([])}
    return list((known | {incident.key: incident for incident in view.recent}).values())


def since(incidents: Iterable[Incident], at: datetime) -> list[Incident]:
    """Those that were open then or later."""
    return [i for i in incidents if i.ended_at is None or i.ended_at >= at]


async def expected_words(web: Web, view: StatusView, incident: Incident) -> str:
    """How long incidents like it last; empty where the past says too little."""
    past = [i for i in await known_past(web, view) if i.provider == incident.provider]
    expected = expected_duration(incident, past, view.at)
    return how_long_words(expected) if expected else ""


def of_surface(incidents: Sequence[Incident], surface: str, view: StatusView) -> list[IncidentLine]:
    """Those that touched this surface, newest first."""
    about = (i for i in incidents if surface in i.surfaces and not is_planned(i))
    return sorted(_lines(about, view), key=lambda line: line.started_at, reverse=True)


def _lines(incidents: Iterable[Incident], view: StatusView) -> list[IncidentLine]:
    lines = []
    for incident in incidents:
        # Of what is over the colour says how bad it was, not that it is over.
        severity: Severity | None = incident.worst
        if incident.is_open:
            severity = colour_of(incident)
        elif incident.withdrawn:
            severity = None
        elif incident.worst.rank <= Severity.UP.rank:
            severity = Severity.MAINTENANCE if incident.maintenance else None
        went = ""
        if not incident.withdrawn and not incident.is_open:
            went = timeline(incident, view.at) or state_words(incident, view.at)
        touched = view.catalog.order(incident.surfaces)
        lines.append(
            IncidentLine(
                key=incident.key,
                url=incident.url,
                title=name_of(incident, 200),
                severity=severity,
                withdrawn=incident.withdrawn,
                from_page=incident.seen_by is SeenBy.PAGE,
                started_at=incident.started_at,
                went=went,
                surfaces=", ".join(view.catalog.label(surface) for surface in touched),
            )
        )
    return lines


# --- months --------------------------------------------------------------------------------------

FURTHEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar, in UTC."""

    begins: datetime

    @classmethod
    def named(cls, text: str, now: datetime) -> Month | None:
        """Read "2026-04"; nothing is the present month. None: it is none, or out of reach."""
        if not text:
            return cls(datetime(now.year, now.month, 1, tzinfo=UTC))
        if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text):
            return None
        year, month = text.split("-")
        begins = datetime(int(year), int(month), 1, tzinfo=UTC)
        return cls(begins) if now - FURTHEST <= begins <= now else None

    @property
    def name(self) -> str:
        return f"{self.begins:%Y-%m}"

    @property
    def words(self) -> str:
        return f"{self.begins:%B %Y}"

    @property
    def next(self) -> Month:
        return Month((self.begins + timedelta(days=32)).replace(day=1))

    @property
    def before(self) -> Month:
        return Month((self.begins - timedelta(days=1)).replace(day=1))
