"""incident.io's imitation of Statuspage, with what it leaves out: an incident's components.

The summary names the components that are listed (25 at most, changing) and what is open; only
the feed, or the document that the page is drawn from, ties the two together. They are asked for
while something is open: the feed first, the other where that does not tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from adapters.providers import incidentio_proxy
from adapters.providers.incidentio_feed import PATH, by_names, named, read_entries
from adapters.providers.port import Fetch, Page
from adapters.providers.statuspage import Statuspage
from adapters.providers.values import changes
from bot.domain.errors import SourceError
from bot.domain.page import PageIncident, Severity, Snapshot
from bot.ports import NeededLists

# Of each incident: its phase, and the components that it concerns.
Ties = Mapping[str, tuple[str, Mapping[str, Severity]]]


@dataclass(frozen=True, slots=True)
class IncidentIo:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:
        snapshot = await Statuspage(self.page, self.fetch).poll(needed)
        running = {incident.id for incident in snapshot.incidents if not incident.maintenance}
        if not running:
            return snapshot
        ties: dict[str, tuple[str, Mapping[str, Severity]]] = {}
        said = ""
        try:
            ties.update(fed(snapshot, await self.fetch(self.page.url + PATH), self.page))
        except SourceError as error:
            said = f"components of open incidents are not known: {error}"
        if not running <= ties.keys():
            try:
                document = await self.fetch(incidentio_proxy.address(self.page))
                ties = {**incidentio_proxy.open_incidents(document), **ties}
                said = ""
            except SourceError:
                pass  # the feed's reason says enough; the incident is told without its components
        incidents = tuple(_tied(incident, ties) for incident in snapshot.incidents)
        oddities = (*snapshot.oddities, said) if said else snapshot.oddities
        return replace(snapshot, incidents=incidents, oddities=oddities)


def fed(snapshot: Snapshot, content: bytes, page: Page) -> Ties:
    """Return what the feed ties, whose names are those of the catalogue or of the summary.

    Raises:
        SourceError: no feed of incident.io.
    """
    ids = by_names(page)
    for component in snapshot.components:
        if component.id not in ids.get(component.name, ()):
            ids[component.name] = (*ids.get(component.name, ()), component.id)
    present = {component.id: component.severity for component in snapshot.components}
    return {
        entry.id: (entry.phase, named(entry.components, ids, present))
        for entry in read_entries(content)
    }


def _tied(incident: PageIncident, ties: Ties) -> PageIncident:
    """Return it with what is said of its newest update, if anything is."""
    phase, now = ties.get(incident.id, ("", {}))
    if not now or not incident.updates:
        return incident
    *earlier, newest = incident.updates
    if newest.phase != phase:
        return incident  # one of the two is older: the next poll will agree
    return replace(
        incident,
        components=tuple(now),
        updates=(*earlier, replace(newest, changes=changes(now))),
        linkable=True,
    )
