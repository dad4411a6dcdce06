"""Azure's status feed: wide incidents only, and no severity. The weakest source that we read.

Microsoft announces here what concerns many; what concerns one customer stands in their portal. So
an item makes a component degraded, never worse, and an empty feed means "nothing announced". The
form of an item is a guess after the documentation: nobody has recorded one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from adapters.providers.documents import changed_format, read_feed
from adapters.providers.fields import Id, Words
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
    RESOLVED,
    Affecting,
    Moment,
    body,
    changes,
    derived,
    made_id,
    title,
    understood,
)
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot
from bot.ports import NeededLists

# Words of a title's last part (guess). Anything else is unknown.
_OVER = re.compile(r"\b(mitigated|resolved|rca|pir|post incident review)\b", re.IGNORECASE)
_OPEN = re.compile(
    r"\b(active|investigating|identified|monitoring|mitigating|applying|advisory|degrad\w+)\b",
    re.IGNORECASE,
)


class _Item(BaseModel):
    id: Id = ""
    title: Words = ""
    link: Words = ""
    updated: Moment = None
    description: Words = ""
    categories: list[str] = []


@dataclass(frozen=True, slots=True)
class Azure:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # a feed has no lists
        return parse(await self.fetch(f"{self.page.url}/feed/"), self.page)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the feed for the components of `page`, which items name by one of their names.

    Raises:
        SourceError: no feed of Azure.
    """
    feed = read_feed(content)
    called = feed.fields.get("title", "")
    if feed.kind != "rss" or "azure" not in called.lower():
        raise changed_format("Azure's feed", f"a feed called {called[:40]!r}")
    oddities: list[str] = []
    found = []
    for row in feed.items:
        item = _Item.model_validate(row)
        said = " ".join((item.title, *item.categories)).lower()
        concerned = [
            id_
            for id_, names in page.components.items()
            if any(name.lower() in said for name in names)
        ]
        if not concerned:
            continue
        if item.updated is None:
            oddities.append(f"an item was dropped: no time in {sorted(row)[:8]}")
            continue
        found.append(_affecting(item, item.updated, concerned, page))
    return derived(page, found, oddities, quiet="nothing announced")


def _affecting(item: _Item, at: datetime, concerned: list[str], page: Page) -> Affecting:
    state = item.title.rpartition(" - ")[2]
    over = _OVER.search(state) is not None
    severity = Severity.DEGRADED if _OPEN.search(state) else Severity.UNKNOWN
    now = dict.fromkeys(concerned, Severity.UP if over else severity)
    id_ = item.id or made_id(item.title, at)
    phase = RESOLVED if over else ONGOING
    update = PageUpdate(
        id=made_id(id_, at),
        phase=phase,
        text=body(item.description),
        at=at,
        posted_at=at,
        changes=changes(now),
    )
    report = PageIncident(
        id=id_,
        title=title(item.title),
        phase=phase,
        impact=Severity.UP if over else understood(severity),
        created_at=at,
        started_at=at,
        url=page.link,
        resolved_at=at if over else None,
        components=tuple(concerned),
        updates=(update,),
    )
    return Affecting(report, now, "announced, without a severity", over)
