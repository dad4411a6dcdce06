"""incident.io's imitation of Statuspage, with what it leaves out: an incident's components.

The summary names the components that are listed (25 at most, changing) and what is open; only
the feed ties the two together, and is asked for while something is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from adapters.providers.incidentio_feed import PATH, FeedEntry, by_names, named, read_entries
from adapters.providers.port import Fetch, Page
from adapters.providers.statuspage import Statuspage
from adapters.providers.values import changes
from bot.domain.errors import SourceError
from bot.domain.page import PageIncident, Severity, Snapshot
from bot.ports import NeededLists


@dataclass(frozen=True, slots=True)
class IncidentIo:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:
        snapshot = await Statuspage(self.page, self.fetch).poll(needed)
        if not any(not incident.maintenance for incident in snapshot.incidents):
            return snapshot
        try:
            feed = await self.fetch(self.page.url + PATH)
            return with_feed(snapshot, feed, self.page)
        except SourceError as error:
            # The incident is told all the same, without its components.
            said = f"components of open incidents are not known: {error}"
            return replace(snapshot, oddities=(*snapshot.oddities, said))


def with_feed(snapshot: Snapshot, content: bytes, page: Page) -> Snapshot:
    """Tie the open incidents of a summary to components, as the feed does.

    Raises:
        SourceError: no feed of incident.io.
    """
    entries = {entry.id: entry for entry in read_entries(content)}
    ids = by_names(page)
    for component in snapshot.components:
        if component.id not in ids.get(component.name, ()):
            ids[component.name] = (*ids.get(component.name, ()), component.id)
    present = {component.id: component.severity for component in snapshot.components}
    incidents = tuple(
        _linked(incident, entries.get(incident.id), ids, present) for incident in snapshot.incidents
    )
    return replace(snapshot, incidents=incidents)


def _linked(
    incident: PageIncident,
    entry: FeedEntry | None,
    ids: Mapping[str, tuple[str, ...]],
    present: Mapping[str, Severity],
) -> PageIncident:
    """Return it with what the feed says of its newest update, if it says anything."""
    now = named(entry.components, ids, present) if entry else {}
    if entry is None or not now or not incident.updates:
        return incident
    *earlier, newest = incident.updates
    if newest.phase != entry.phase:
        return incident  # one of the two is older: the next poll will agree
    return replace(
        incident,
        components=tuple(now),
        updates=(*earlier, replace(newest, changes=changes(now))),
        linkable=True,
    )
