"""Incidents as feeds: Atom, RSS 2.0 and JSON Feed 1.1, all from the same entries.

An entry keeps its id for ever and changes with every edit of its incident.
https://www.rfc-editor.org/rfc/rfc4287, https://www.rssboard.org/rss-specification,
https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adapters.web.endpoint import Endpoint
from adapters.web.page.incidents import updates_of
from adapters.web.page.past import known_past, since
from adapters.web.page.site import path_of
from adapters.web.reading import named
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.messages.state import title_of
from bot.status.view import StatusView

if TYPE_CHECKING:
    from adapters.web.app import Web

LENGTH = timedelta(days=30)
MOST = 50
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)  # of a feed that has no entry yet


@dataclass(frozen=True, slots=True)
class Entry:
    """One incident. Times are those of what was said, not of the request."""

    id: str  # a URN, for ever
    path: str
    title: str
    text: str
    published: datetime
    updated: datetime
    severity: Severity
    surfaces: tuple[str, ...]


def entry_of(incident: Incident, view: StatusView) -> Entry:
    """Return the incident as it is now."""
    # As of its last change: an entry that told how long it has been open would never be the same.
    updated = changed_at(incident)
    told = []
    for one in updates_of(incident, view):
        head = f"{one.at:%Y-%m-%d %H:%M} UTC · {one.words}"
        told.append("\n".join(filter(None, (head, *one.changes, one.text, one.note))))
    return Entry(
        id=urn_of(incident.key),
        path=f"incident/{incident.key}",
        title=title_of(incident, updated),
        text="\n\n".join(told),
        published=incident.started_at,
        updated=updated,
        severity=incident.severity,
        surfaces=tuple(view.catalog.order(incident.surfaces)),
    )


def changed_at(incident: Incident) -> datetime:
    """When we last learned something of it: what a page backdates is news all the same."""
    return max((max(e.at, e.observed_at) for e in incident.events), default=incident.started_at)


def urn_of(name: str) -> str:
    return uuid5(NAMESPACE_URL, f"isclaudedown/{name}").urn


@dataclass(frozen=True, slots=True)
class IncidentFeed:
    """Entries and names that the three formats are made of; the newest change first."""

    title: str
    base: str
    address: str  # its own, whole
    id: str
    entries: Sequence[Entry]

    @property
    def updated(self) -> datetime:
        return self.entries[0].updated if self.entries else _BEGINNING


async def feed_of(web: Web, request: Request) -> IncidentFeed:
    """Return the feed of all incidents, or of those of one surface (`?surface=api`)."""
    view = await web.status.view()
    asked = request.query_params.get("surface", "")
    surfaces = named([asked], view.catalog) if asked else []
    found = since(await known_past(web, view), view.at - LENGTH)
    chosen = [i for i in found if not surfaces or set(surfaces) & i.surfaces.keys()]
    entries = sorted((entry_of(i, view) for i in chosen), key=lambda e: e.updated, reverse=True)
    everybody = [view.catalog.provider(p.provider).label for p in view.providers]
    names = [view.catalog.label(surface) for surface in surfaces] or everybody
    base = web.site.base(request)
    query = f"?surface={surfaces[0]}" if surfaces else ""
    return IncidentFeed(
        title=f"Is {', '.join(names)} down?",
        base=base,
        address=f"{base}{path_of(request)}{query}",
        id=urn_of("/".join(["feed", *surfaces])),
        entries=entries[:MOST],
    )


def json_feed(feed: IncidentFeed) -> dict[str, Any]:
    """Return the feed as JSON Feed 1.1; what is ours begins with an underscore."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": f"{feed.base}/",
        "feed_url": feed.address,
        "items": [
            {
                "id": entry.id,
                "url": f"{feed.base}/{entry.path}",
                "title": entry.title,
                "content_text": entry.text or entry.title,
                "date_published": entry.published.isoformat(),
                "date_modified": entry.updated.isoformat(),
                "tags": list(entry.surfaces),
                "_isclaudedown": {"severity": entry.severity},
            }
            for entry in feed.entries
        ],
    }


async def feed(web: Web, request: Request) -> Response:
    """Incidents as a feed."""
    kind = request.path_params["kind"]
    found = await feed_of(web, request)
    match kind:
        case "atom":
            body, media_type = web.site.draw("feed.atom", {"feed": found}), "application/atom+xml"
        case "rss":
            body, media_type = web.site.draw("feed.rss", {"feed": found}), "application/rss+xml"
        case "json":
            body, media_type = json.dumps(json_feed(found)), "application/feed+json"
        case _:
            raise HTTPException(404)
    return web.site.respond(
        request, body.encode("utf-8", "replace"), f"{media_type}; charset=utf-8", for_all=True
    )


FEEDS = (Endpoint("/feed.{kind}", "Incidents as Atom, RSS or JSON Feed", feed),)
