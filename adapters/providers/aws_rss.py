"""AWS's RSS feeds, one for each service and region: an item for each update, not for each event.

The state stands in the words before the colon of an item's title, and the newest item decides.
An event is the run of items since the last one that says "operating normally". Its id is that
of the feed: the first item of a long event falls off the end, and would take an id of its own
along; a later event with the same id is what the engine calls a new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adapters.providers.documents import FeedItem, read_feed
from adapters.providers.fields import read_moment
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
    RESOLVED,
    Affecting,
    derived,
    page_incident,
    page_update,
    understood,
)
from bot.domain.page import PageUpdate, Severity, Snapshot
from bot.ports import NeededLists

# Only the third was ever recorded; the others are those that other readers of the feed know.
SEVERITIES = {
    "service is operating normally": Severity.UP,
    "informational message": Severity.DEGRADED,
    "service degradation": Severity.PARTIAL,
    "service impact": Severity.PARTIAL,
    "service disruption": Severity.MAJOR,
}
# https://status.aws.amazon.com/#bedrock-us-east-1_1789468030
_GUID = re.compile(r"#([a-z0-9-]+)_(\d{9,11})$")


@dataclass(frozen=True, slots=True)
class AwsRss:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # a feed has no lists
        found = []
        oddities: list[str] = []
        for component in self.page.components:
            content = await self.fetch(f"{self.page.url}/rss/{component}.rss")
            found += _events(content, component, oddities)
        return derived(self.page, found, oddities, quiet="no recent event")


def parse(content: bytes, page: Page) -> Snapshot:
    """Read one feed, of one service or of all, for the components of `page`.

    Raises:
        SourceError: no feed of AWS.
    """
    oddities: list[str] = []
    found = [one for id_ in page.components for one in _events(content, id_, oddities)]
    return derived(page, found, oddities, quiet="no recent event")


def _events(content: bytes, component: str, oddities: list[str]) -> list[Affecting]:
    """Return the latest event of a component, if the feed has one."""
    feed = read_feed(content)
    feed.expect("AWS's", "rss", lambda title, by: (by or title).startswith(("AWS", "Amazon")))
    run: list[tuple[PageUpdate, Severity, str]] = []
    for item in sorted(_read(feed.items, component), key=lambda item: item[0].at):
        if run and run[-1][1] is Severity.UP:
            run = []
        run.append(item)
    if not run:
        return []
    oddities.extend(
        f"{component}: unknown state {name[:60]!r}"
        for _, severity, name in run
        if severity is Severity.UNKNOWN
    )
    _, severity, name = run[-1]
    incident = page_incident(
        f"rss-{component}",
        name.partition(":")[2].replace("[RESOLVED]", "") or name,
        run[0][0].at,
        (component,),
        understood(severity),
        (update for update, _, _ in run),
        over=severity is Severity.UP,
        url="https://status.aws.amazon.com/",
    )
    return [Affecting(incident, {component: severity}, name.partition(":")[0].lower())]


def _read(items: Iterable[FeedItem], component: str) -> Iterator[tuple[PageUpdate, Severity, str]]:
    """Yield the items of a component, or of many services in its region, each with its title."""
    region = component.partition("-")[2]
    for item in items:
        guid = _GUID.search(item.id)
        if guid is None or guid[1] not in (component, f"multipleservices-{region}"):
            continue
        if (at := item.updated or read_moment(guid[2])) is None:
            continue
        words = item.title.partition(":")[0].strip().lower()
        severity = SEVERITIES.get(words, Severity.UNKNOWN)
        phase = RESOLVED if severity is Severity.UP else ONGOING
        id_, states = f"{guid[1]}-{guid[2]}", {component: severity}
        yield page_update(id_, at, item.description, states, phase=phase), severity, item.title
