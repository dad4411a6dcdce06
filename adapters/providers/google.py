"""Google Cloud's `incidents.json`: a bare list of every incident of the last year.

Incidents are known by their ids and products by theirs: names and titles change. A component is
a product id, or `<product id>@<region>`. Ended incidents stay listed; an open one has no `end`.

Facts: https://status.cloud.google.com/incidents.schema.json
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.providers.documents import changed_format, read_list, read_object
from adapters.providers.fields import Id, Moment, Raw, Rows, Words, read_rows
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
    POSTMORTEM,
    RESOLVED,
    Affecting,
    derived,
    doubted,
    page_incident,
    page_update,
    understood,
)
from bot.domain.page import PageUpdate, Severity, Snapshot

PATH = "/incidents.json"
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


class _IncidentUpdate(Raw):
    created: Moment = None
    when: Moment = None
    text: Words = ""
    status: Words = ""
    affected_locations: Rows = ()


class _GoogleIncident(Raw):
    id: Id = ""
    begin: Moment = None
    created: Moment = None
    end: Moment = None
    external_desc: Words = ""
    status_impact: Words = ""
    affected_products: Rows = ()
    currently_affected_locations: Rows = ()
    previously_affected_locations: Rows = ()
    updates: Rows = ()

    def concerned(self, page: Page) -> list[str]:
        """Return the components touched at any time: of its products, in its places if any."""
        products = _ids(self.affected_products)
        places = _ids(self.currently_affected_locations)
        places |= _ids(self.previously_affected_locations)
        split = ((id_, *_split(id_)) for id_ in page.components)
        return [id_ for id_, product, at in split if product in products and _touches(places, at)]

    def affecting(self, created: datetime, concerned: list[str], page: Page) -> Affecting:
        said = _IncidentUpdate.read_all(self.updates)
        said.sort(key=lambda update: update.created or update.when or created)
        impact = SEVERITIES.get(self.status_impact, Severity.UNKNOWN)
        incident = page_incident(
            self.id,
            self.external_desc,
            created,
            concerned,
            understood(impact),
            self._updates(said, concerned, created),
            over=self.end is not None,
            ended=self.end,
            url=f"{page.url}/incidents/{self.id}",
        )
        if said and said[-1].status == "AVAILABLE":
            impact = Severity.UP  # its newest word outweighs an end that is not there (yet)
        now = _states(concerned, self.currently_affected_locations, impact)
        incident = replace(incident, started_at=self.begin or created)
        return Affecting(incident, now, self.status_impact.replace("_", " ").lower())

    def _updates(
        self, said: list[_IncidentUpdate], concerned: list[str], created: datetime
    ) -> Iterable[PageUpdate]:
        """Yield its updates. One has no id: the moment it was created is what never changes."""
        ended = False
        for index, raw in enumerate(said):
            at = raw.when or raw.created or created
            written = raw.created or at
            severity = SEVERITIES.get(raw.status, Severity.UNKNOWN)
            # Only the last word that it is over is the end: earlier ones were taken back.
            is_end = self.end is not None and all(
                later.status == "AVAILABLE" for later in said[index:]
            )
            yield page_update(
                f"{self.id}-{int(written.timestamp())}",
                at,
                raw.text,
                _states(concerned, raw.affected_locations, severity),
                phase=(POSTMORTEM if ended else RESOLVED) if is_end else ONGOING,
                posted_at=written,
            )
            ended = ended or is_end


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `incidents.json` for the products (and regions) of `page`.

    Raises:
        SourceError: not that list.
    """
    what = "Google's list of incidents"
    unclear = ""  # why "up" cannot be believed
    oddities: list[str] = []
    found = []
    for row in read_list(content, what, "status_impact", "external_desc"):
        incident = _GoogleIncident.read(row)
        if not (concerned := incident.concerned(page)):
            if not incident.affected_products and incident.end is None:
                unclear = "an open incident names no product"
                oddities.append(f"{unclear}: {incident.id}")
            continue
        created = incident.created or incident.begin
        if not incident.id or created is None:
            oddities.append("an incident was dropped: no id or no time")
            continue
        if incident.status_impact not in SEVERITIES:
            oddities.append(f"unknown impact {incident.status_impact[:40]!r} of {incident.id}")
        found.append(incident.affecting(created, concerned, page))
    return doubted(derived(page, found, oddities), unclear)


def parse_products(content: bytes) -> dict[str, str]:
    """Read the body of `products.json`: the present names of products by id.

    Raises:
        SourceError: not that document.
    """
    document = read_object(content, "Google's list of products", "products")
    if not isinstance(document["products"], list):
        raise changed_format("Google's list of products", document)
    rows = read_rows(document["products"])
    named = ((row.get("id"), row.get("current_title") or row.get("title")) for row in rows)
    return {id_: name for id_, name in named if isinstance(id_, str) and isinstance(name, str)}


async def unknown_products(page: Page, fetch: Fetch) -> list[str]:
    """Return sentences about products that we watch and that Google no longer has.

    Nothing is ever open for such an id, so that it would look up for ever.

    Raises:
        SourceError: the list of products cannot be read.
    """
    products = parse_products(await fetch(f"{page.url}/products.json"))
    watched = {_split(component)[0] for component in page.components}
    return [f"{id_} is no product of Google's any more" for id_ in sorted(watched - set(products))]


def _ids(rows: Iterable[dict[str, Any]]) -> set[str]:
    return {id_ for row in rows if isinstance(id_ := row.get("id"), str)}


def _split(component: str) -> tuple[str, str]:
    product, _, region = component.partition("@")
    return product, region


def _touches(places: set[str], region: str) -> bool:
    """Tell whether these locations hold the region; none named does not mean nowhere."""
    if not region or not places:
        return True
    return any(
        place == region or (place in WIDE and region.startswith(WIDE[place])) for place in places
    )


def _states(
    concerned: Iterable[str], rows: Iterable[dict[str, Any]], severity: Severity
) -> dict[str, Severity]:
    """Return the states of components while an incident touches the locations of `rows`."""
    places = _ids(rows)
    return {id_: severity if _touches(places, _split(id_)[1]) else Severity.UP for id_ in concerned}
