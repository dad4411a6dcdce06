"""Scheduled maintenance as a calendar that others subscribe to (RFC 5545).

One event a maintenance, with a UID for ever. SEQUENCE grows with every change; what was withdrawn
stays as cancelled until its time is past, so that it leaves the calendars that have it. A page may
move a maintenance without a word: the hours that were served last are remembered for that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from starlette.requests import Request
from starlette.responses import Response

from adapters.chat.text import clean
from adapters.web.endpoint import Endpoint
from adapters.web.page.feeds import changed_at, urn_of
from adapters.web.page.incidents import updates_of
from adapters.web.page.past import known_past
from bot import __version__
from bot.domain.incident import Incident
from bot.messages.state import name_of
from bot.status.view import StatusView

if TYPE_CHECKING:
    from icalendar import Event

    from adapters.web.app import Web


class Notes(Protocol):
    """Small texts that outlive the process. Raises `StoreError`."""

    async def read(self, name: str) -> str | None: ...

    async def write(self, name: str, text: str) -> None: ...


PAST = timedelta(days=30)  # so long what is over stays
REFRESH = timedelta(hours=1)


async def calendar(web: Web, request: Request) -> Response:
    """Scheduled maintenance of all providers."""
    from icalendar import Calendar  # noqa: PLC0415 (3 MB that only readers of the calendar need)

    view = await web.status.view()
    known = await known_past(web, view)
    base = web.site.base(request)
    made = Calendar()
    made.add("prodid", f"-//isclaudedown//{__version__}//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", "Scheduled maintenance")
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", REFRESH)
    for one in sorted(known, key=lambda i: (i.scheduled_for or i.started_at, i.key)):
        begins = one.scheduled_for
        if one.maintenance and begins is not None:
            kept = timedelta(0) if one.withdrawn else PAST
            if (one.scheduled_until or begins) >= view.at - kept:
                edition = await edition_of(one, web.notes, view.at)
                made.add_component(event_of(one, begins, edition, view, base))
    return web.site.respond(request, made.to_ical(), "text/calendar; charset=utf-8", for_all=True)


@dataclass(frozen=True, slots=True)
class Edition:
    """Which one of an event is served: calendars take the higher `sequence`."""

    sequence: int
    changed_at: datetime


async def edition_of(incident: Incident, notes: Notes | None, now: datetime) -> Edition:
    """Count the revisions of a maintenance, and how often it was moved since it was first served.

    Raises:
        StoreError: nobody knows which one was served last.
    """
    edition = Edition(max(0, incident.revision - 1), changed_at(incident))
    if notes is None:
        return edition
    hours = f"{incident.scheduled_for}/{incident.scheduled_until}"
    name = f"calendar-{incident.key}"
    known = json.loads(await notes.read(name) or "{}")
    if known.get("hours") != hours:
        moved = known["moved"] + 1 if known else 0
        at = now if known else edition.changed_at
        known = {"hours": hours, "moved": moved, "at": at.isoformat()}
        await notes.write(name, json.dumps(known))
    moved_at = datetime.fromisoformat(known["at"])
    return Edition(edition.sequence + known["moved"], max(edition.changed_at, moved_at))


def event_of(
    incident: Incident, begins: datetime, edition: Edition, view: StatusView, base: str
) -> Event:
    """Return one maintenance, stamped with its last change, so that nothing else changes it."""
    from icalendar import Event  # noqa: PLC0415 (as above)

    said = updates_of(incident, view)
    made = Event()
    made.add("uid", f"{urn_of(incident.key).removeprefix('urn:uuid:')}@isclaudedown")
    made.add("dtstamp", edition.changed_at)
    made.add("last-modified", edition.changed_at)
    made.add("dtstart", begins)
    if incident.scheduled_until is not None and incident.scheduled_until > begins:
        made.add("dtend", incident.scheduled_until)
    label = view.catalog.provider(incident.provider).label
    made.add("summary", clean(f"{label}: {name_of(incident, 200)}"))
    made.add("description", clean("\n\n".join(one.text for one in said if one.text)))
    made.add("url", f"{base}/incident/{incident.key}")
    made.add("sequence", edition.sequence)
    made.add("status", "CANCELLED" if incident.withdrawn else "CONFIRMED")
    made.add("transp", "TRANSPARENT")  # it takes nobody's time
    return made


CALENDAR = (Endpoint("/maintenance.ics", "Scheduled maintenance as a calendar", calendar),)
