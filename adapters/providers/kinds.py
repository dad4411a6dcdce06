"""The formats of status pages, by the word that a catalogue row names them with (`kind`).

A new format is a module beside this one, and a row here. Most pages have everything in one
document: their module has the path of it, and a `parse(content, page)` that returns a snapshot.
Where it takes several, the module has a class of this shape:

    @dataclass(frozen=True, slots=True)
    class Example:
        page: Page     # the catalogue row: address, and the components that it knows
        fetch: Fetch   # asks for one address

        async def poll(self, needed: NeededLists) -> Snapshot: ...

A poller keeps nothing between polls. Pages that keep their past apart (Statuspage) ask the
engine, by `needed`, whether it wants those lists as well after this summary. The engine sees
snapshots alone: which kind made them is not in them.

What a parser owes, whatever came: a snapshot, or the one `SourceError`. A body of another format
is an error ("the page changed its format"), so that the page becomes unknown, never up. A word
that is not understood is unknown, never down.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from adapters.providers import (
    aws,
    azure,
    betterstack,
    datadog,
    flashcat,
    google,
    onlineornot,
    slack,
    xai,
)
from adapters.providers.aws_rss import AwsRss
from adapters.providers.checkly import Checkly
from adapters.providers.incidentio import IncidentIo
from adapters.providers.incidentio_feed import IncidentIoFeed
from adapters.providers.incidentio_proxy import IncidentIoProxy
from adapters.providers.instatus import Instatus
from adapters.providers.port import Fetch, OneDocument, Page, Poller
from adapters.providers.statuspage import Statuspage, older_incidents
from bot.domain.page import PageIncident

KINDS: Mapping[str, Callable[[Page, Fetch], Poller]] = {
    "statuspage": Statuspage,
    "incidentio": IncidentIo,
    "incidentio-feed": IncidentIoFeed,
    "incidentio-proxy": IncidentIoProxy,
    "google": partial(OneDocument, google.PATH, google.parse),
    "aws": partial(OneDocument, aws.PATH, aws.parse),
    "aws-rss": AwsRss,
    "azure": partial(OneDocument, azure.PATH, azure.parse),
    "datadog": partial(OneDocument, datadog.PATH, datadog.parse),
    "checkly": Checkly,
    "flashcat": partial(OneDocument, flashcat.PATH, flashcat.parse),
    "betterstack": partial(OneDocument, betterstack.PATH, betterstack.parse),
    "instatus": Instatus,
    "onlineornot": partial(OneDocument, onlineornot.PATH, onlineornot.parse),
    "slack": partial(OneDocument, slack.PATH, slack.parse),
    "xai": partial(OneDocument, xai.PATH, xai.parse),
}

# Reads a further page of a format's list of incidents, from the second on.
OLDER: Mapping[str, Callable[[Page, Fetch, int], Awaitable[tuple[PageIncident, ...]]]] = {
    "statuspage": older_incidents,
}

# What `doctor` asks of a page besides polling it: sentences about what is amiss.
CHECKS: Mapping[str, Callable[[Page, Fetch], Awaitable[list[str]]]] = {
    "google": google.unknown_products,
}
