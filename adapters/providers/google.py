"""Google Cloud's `incidents.json`: a bare list of every incident of the last year.

Incidents are known by their ids and products by theirs: names and titles change. A component is
a product id, or `<product id>@<region>`. Ended incidents stay listed; an open one has no `end`.

Facts: https://status.cloud.google.com/incidents.schema.json
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from adapters.providers.documents import changed_format, read_json, rows_of
from adapters.providers.fields import Id, Rows, Words
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
    POSTMORTEM,
    RESOLVED,
    Affecting,
    Moment,
    body,
    changes,
    derived,
    in_order,
    title,
    understood,
)
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot
from bot.ports import NeededLists

# Google has these four words and no maintenance; which of ours they are is our choice, after the
# descriptions in its schema ("intermittent or partial", "significant portion or all").
SEVERITIES = {
    "AVAILABLE": Severity.UP,
    "SERVICE_INFORMATION": Severity.DEGRADED,
    "SERVICE_DISRUPTION": Severity.PARTIAL,
    "SERVICE_OUTAGE": Severity.MAJOR,
}
# Places larger than a region, as they occur among the locations, and what they hold.
WIDE = {"global": "", "us": "us-", "eu": "europe-", "europe": "europe-", "asia": "asia-"}


class _Update(BaseModel):
    created: Moment = None
    when: Moment = None
    text: Words = ""
    status: Words = ""
    affected_locations: Rows = []


class _Incident(BaseModel):
    id: Id = ""
    begin: Moment = None
    created: Moment = None
    end: Moment = None
    external_desc: Words = ""
    status_impact: Words = ""
    affected_products: Rows = []
    currently_affected_locations: Rows = []
    previously_affected_locations: Rows = []
    updates: Rows = []


@dataclass(frozen=True, slots=True)
class Google:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # its list has everything
        return parse(await self.fetch(f"{self.page.url}/incidents.json"), self.page)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `incidents.json` for the products (and regions) of `page`.

    Raises:
        SourceError: not that list.
    """
    rows = rows_of(
        read_json(content), "Google's list of incidents", "status_impact", "affected_products"
    )
    oddities: list[str] = []
    found = []
    for row in rows:
        incident = _Incident.model_validate(row)
        if not _concerned(incident, page):
            continue
        created = incident.created or incident.begin
        if not incident.id or created is None:
            oddities.append("an incident was dropped: no id or no time")
            continue
        if incident.status_impact not in SEVERITIES:
            oddities.append(f"unknown impact {incident.status_impact[:40]!r} of {incident.id}")
        found.append(_affecting(incident, created, page))
    return derived(page, found, oddities)


def parse_products(content: bytes) -> dict[str, str]:
    """Read the body of `products.json`: the present names of products by id.

    Raises:
        SourceError: not that document.
    """
    document = read_json(content)
    if not isinstance(document, dict) or not isinstance(document.get("products"), list):
        raise changed_format("Google's list of products", document)
    rows = [row for row in document["products"] if isinstance(row, dict)]
    named = ((row.get("id"), row.get("current_title") or row.get("title")) for row in rows)
    return {id_: name for id_, name in named if isinstance(id_, str) and isinstance(name, str)}


async def unknown_products(page: Page, fetch: Fetch) -> list[str]:
    """Sentences about products that we watch and that Google no longer has.

    Nothing is ever open for such an id, so that it would look up for ever.

    Raises:
        SourceError: the list of products cannot be read.
    """
    products = parse_products(await fetch(f"{page.url}/products.json"))
    watched = {_split(component)[0] for component in page.components}
    return [f"{id_} is no product of Google's any more" for id_ in sorted(watched - set(products))]


def _ids(rows: Iterable[dict[str, Any]]) -> set[str]:
    return {id_ for row in rows if isinstance(id_ := row.get("id"), str)}


def _concerned(incident: _Incident, page: Page) -> list[str]:
    """The components that it has touched at any time: their product, and their region if any."""
    products = _ids(incident.affected_products)
    places = _ids(incident.currently_affected_locations)
    places |= _ids(incident.previously_affected_locations)
    return [
        id_
        for id_, (product, region) in ((id_, _split(id_)) for id_ in page.components)
        if product in products and _touches(places, region)
    ]


def _split(component: str) -> tuple[str, str]:
    product, _, region = component.partition("@")
    return product, region


def _touches(places: set[str], region: str) -> bool:
    """Whether these locations hold the region; none named does not mean nowhere."""
    if not region or not places:
        return True
    return any(
        place == region or (place in WIDE and region.startswith(WIDE[place])) for place in places
    )


def _affecting(incident: _Incident, created: datetime, page: Page) -> Affecting:
    concerned = _concerned(incident, page)
    over = incident.end is not None
    said = [_Update.model_validate(row) for row in incident.updates]
    said.sort(key=lambda update: update.created or update.when or created)
    updates = _updates(incident.id, said, concerned, created, over=over)
    impact = SEVERITIES.get(incident.status_impact, Severity.UNKNOWN)
    report = PageIncident(
        id=incident.id,
        title=title(incident.external_desc),
        phase=RESOLVED if over else ONGOING,
        impact=understood(impact),
        created_at=created,
        started_at=incident.begin or created,
        url=f"{page.url}/incidents/{incident.id}",
        resolved_at=incident.end,
        components=tuple(concerned),
        updates=updates,
    )
    if said and said[-1].status == "AVAILABLE":
        impact = Severity.UP  # its newest word outweighs an end that is not there (yet)
    places = _ids(incident.currently_affected_locations)
    now = {id_: impact if _touches(places, _split(id_)[1]) else Severity.UP for id_ in concerned}
    return Affecting(report, now, incident.status_impact.replace("_", " ").lower(), over)


def _updates(
    incident: str, said: list[_Update], concerned: list[str], created: datetime, *, over: bool
) -> tuple[PageUpdate, ...]:
    """An update has no id of its own: the moment it was created is what never changes."""
    updates = []
    ended = False
    for index, raw in enumerate(said):
        at = raw.when or raw.created or created
        severity = SEVERITIES.get(raw.status, Severity.UNKNOWN)
        # Only the last word that it is over is the end: earlier ones were taken back.
        last = over and all(later.status == "AVAILABLE" for later in said[index:])
        places = _ids(raw.affected_locations)
        states = {
            id_: severity if _touches(places, _split(id_)[1]) else Severity.UP for id_ in concerned
        }
        updates.append(
            PageUpdate(
                id=f"{incident}-{int((raw.created or at).timestamp())}",
                phase=(POSTMORTEM if ended else RESOLVED) if last else ONGOING,
                text=body(raw.text),
                at=at,
                posted_at=raw.created or at,
                changes=changes(states),
            )
        )
        ended = ended or last
    return in_order(updates)
