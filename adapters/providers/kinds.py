"""The formats of status pages, by the word that a catalogue row names them with (`kind`).

A new format is a module beside this one, with a class of this shape, and a row here:

    @dataclass(frozen=True, slots=True)
    class Example:
        page: Page     # the catalogue row: address, and the components that it knows
        fetch: Fetch   # asks for one address

        async def poll(self, needed: Needed) -> Snapshot: ...

A poller reads one document or several and keeps nothing between polls. Pages that keep their
past apart (Statuspage) ask the engine, by `needed`, whether it wants those lists as well after
this summary; the others have everything in what they read and never ask. The engine sees
snapshots alone: which kind made them is not in them.

What a parser owes, whatever came: a snapshot, or the one `SourceError`. A body of another format
is an error ("the page changed its format"), so that the page becomes unknown, never up. A word
that is not understood is unknown, never down.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from adapters.providers.aws import Aws
from adapters.providers.aws_rss import AwsRss
from adapters.providers.azure import Azure
from adapters.providers.betterstack import BetterStack
from adapters.providers.checkly import Checkly
from adapters.providers.datadog import Datadog
from adapters.providers.flashcat import Flashcat
from adapters.providers.google import Google, unknown_products
from adapters.providers.incidentio import IncidentIo
from adapters.providers.incidentio_feed import IncidentIoFeed
from adapters.providers.instatus import Instatus
from adapters.providers.port import Fetch, Page, Poller
from adapters.providers.slack import Slack
from adapters.providers.statuspage import Statuspage
from adapters.providers.xai import Xai

KINDS: Mapping[str, Callable[[Page, Fetch], Poller]] = {
    "statuspage": Statuspage,
    "incidentio": IncidentIo,
    "incidentio-feed": IncidentIoFeed,
    "google": Google,
    "aws": Aws,
    "aws-rss": AwsRss,
    "azure": Azure,
    "datadog": Datadog,
    "checkly": Checkly,
    "flashcat": Flashcat,
    "betterstack": BetterStack,
    "instatus": Instatus,
    "slack": Slack,
    "xai": Xai,
}

# What `doctor` asks of a page besides polling it: sentences about what is amiss.
CHECKS: Mapping[str, Callable[[Page, Fetch], Awaitable[list[str]]]] = {
    "google": unknown_products,
}
