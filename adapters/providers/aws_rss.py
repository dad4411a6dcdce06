"""AWS's RSS feeds, one for each service and region: an item for each update, not for each event.

The state stands in the words before the colon of an item's title, and the newest item decides.
An event is the run of items since the last one that says "operating normally". Its id is that
of the feed: the first item of a long event falls off the end, and would take an id of its own
along; a later event with the same id is what the engine calls a new one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from adapters.providers.documents import changed_format, read_feed
from adapters.providers.fields import Words
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
    RESOLVED,
    Affecting,
    Moment,
    body,
    changes,
    derived,
    title,
    understood,
)
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot
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


class _Item(BaseModel):
    id: Words = ""
    title: Words = ""
    updated: Moment = None
    description: Words = ""


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
    """The latest event of a component, if the feed has one."""
    feed = read_feed(content)
    called = feed.fields.get("title", "")
    if feed.kind != "rss" or not feed.fields.get("generator", called).startswith(("AWS", "Amazon")):
        raise changed_format("AWS's feed", f"a feed called {called[:40]!r}")
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
    newest, severity, name = run[-1]
    began = run[0][0].at
    over = severity is Severity.UP
    report = PageIncident(
        id=f"rss-{component}",
        title=title(name.partition(":")[2].replace("[RESOLVED]", "") or name),
        phase=RESOLVED if over else ONGOING,
        impact=understood(severity),
        created_at=began,
        started_at=began,
        url="https://status.aws.amazon.com/",
        resolved_at=newest.at if over else None,
        components=(component,),
        updates=tuple(update for update, _, _ in run),
    )
    return [Affecting(report, {component: severity}, name.partition(":")[0].lower(), over)]


def _read(items: list[dict[str, Any]], component: str) -> list[tuple[PageUpdate, Severity, str]]:
    """The items of a component, or of many services in its region."""
    region = component.partition("-")[2]
    read = []
    for row in items:
        item = _Item.model_validate(row)
        guid = _GUID.search(item.id)
        if guid is None or guid[1] not in (component, f"multipleservices-{region}"):
            continue
        at = item.updated or _epoch(guid[2])
        if at is None:
            continue
        words = item.title.partition(":")[0].strip().lower()
        severity = SEVERITIES.get(words, Severity.UNKNOWN)
        phase = RESOLVED if severity is Severity.UP else ONGOING
        update = PageUpdate(
            id=f"{guid[1]}-{guid[2]}",
            phase=phase,
            text=body(item.description),
            at=at,
            posted_at=at,
            changes=changes({component: severity}),
        )
        read.append((update, severity, item.title))
    return read


def _epoch(text: str) -> datetime | None:
    return _Item.model_validate({"updated": text}).updated
