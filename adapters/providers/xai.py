"""xAI's feed (status.x.ai): an item for each incident, its component in brackets in the title.

Whether it is over stands in a category (`active`, `resolved`), how bad it is in another. The
component's id is the part of the link before the incident's: `status.x.ai/<component>/INC...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from adapters.providers.documents import changed_format, read_feed
from adapters.providers.fields import MAX_ID, Id, Words, phase_word
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
    RESOLVED,
    Affecting,
    Moment,
    body,
    changes,
    derived,
    in_order,
    made_id,
    read_moment,
    title,
    understood,
)
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot
from bot.ports import NeededLists

# "outage" and "available" were recorded; the others are Statuspage's words (guess).
SEVERITIES = {
    "available": Severity.UP,
    "degraded": Severity.DEGRADED,
    "partial_outage": Severity.PARTIAL,
    "outage": Severity.MAJOR,
    "maintenance": Severity.MAINTENANCE,
}
_STATES = ("active", "resolved")
_DATED = re.compile(r"^\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d \w+$", re.MULTILINE)


class _Item(BaseModel):
    id: Id = ""
    title: Words = ""
    link: Words = ""
    updated: Moment = None
    description: Words = ""
    categories: list[str] = []


@dataclass(frozen=True, slots=True)
class Xai:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # a feed has no lists
        return parse(await self.fetch(f"{self.page.url}/feed.xml"), self.page)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the feed for the components of `page`; others are named in the oddities.

    Raises:
        SourceError: no feed of xAI.
    """
    feed = read_feed(content)
    called = feed.fields.get("title", "")
    if feed.kind != "rss" or "system status" not in called.lower():
        raise changed_format("xAI's feed", f"a feed called {called[:40]!r}")
    oddities: list[str] = []
    found = []
    for row in feed.items:
        item = _Item.model_validate(row)
        parts = [part for part in item.link.split("/") if part]
        id_ = item.id or (parts[-1][:MAX_ID] if parts else "")
        component = parts[-2] if len(parts) > 2 else ""
        if not id_ or item.updated is None:
            oddities.append(f"an item was dropped: no id or no time in {sorted(row)[:8]}")
            continue
        if component not in page.components:
            oddities.append(f"unknown component {component[:40]!r} of {id_}")
        found.append(_affecting(item, id_, component, item.updated))
    return derived(page, found, oddities)


def _affecting(item: _Item, id_: str, component: str, began: datetime) -> Affecting:
    words = [phase_word(word.strip()) for word in item.categories]
    over = "resolved" in words
    spoken = next((word for word in words if word not in _STATES), "")
    severity = Severity.UP if over else SEVERITIES.get(spoken, Severity.UNKNOWN)
    updates = in_order(_updates(item, id_))
    if updates:
        # How bad it is now is known, how bad it was is not: only the newest word carries it.
        *earlier, last = updates
        states = changes({component: severity})
        phase = RESOLVED if over else last.phase
        updates = (
            *earlier,
            PageUpdate(last.id, phase, last.text, last.at, last.posted_at, states),
        )
    report = PageIncident(
        id=id_,
        title=title(item.title),
        phase=RESOLVED if over else ONGOING,
        impact=understood(severity),
        created_at=began,
        started_at=began,
        url=item.link if item.link.startswith("https://") else "",
        resolved_at=max((update.at for update in updates), default=began) if over else None,
        components=(component,) if component else (),
        updates=updates,
    )
    return Affecting(report, {component: severity}, spoken.replace("_", " "), over)


def _updates(item: _Item, id_: str) -> Iterator[PageUpdate]:
    """A date on a line of its own begins each update; its heading follows."""
    text = body(item.description)
    dates = list(_DATED.finditer(text))
    for index, match in enumerate(dates):
        end = dates[index + 1].start() if dates[index + 1 :] else len(text)
        at = read_moment(match[0])
        if at is not None:
            words = text[match.end() : end].strip()
            # Its text may be edited, its place and date are not.
            yield PageUpdate(made_id(id_, index, match[0]), ONGOING, words, at, at)
