"""xAI's feed (status.x.ai): an item for each incident, its component in brackets in the title.

Whether it is over stands in a category (`active`, `resolved`), how bad it is in another. The
component's id is the part of the link before the incident's: `status.x.ai/<component>/INC...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from adapters.providers.documents import FeedItem, read_feed
from adapters.providers.fields import MAX_ID, phase_word, read_id, read_moment
from adapters.providers.port import Page
from adapters.providers.values import (
    ONGOING,
    RESOLVED,
    Affecting,
    body,
    changes,
    derived,
    in_order,
    made_id,
    page_incident,
    understood,
)
from bot.domain.page import PageUpdate, Severity, Snapshot

PATH = "/feed.xml"
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


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the feed for the components of `page`; others are named in the oddities.

    Raises:
        SourceError: no feed of xAI.
    """
    feed = read_feed(content)
    feed.expect("xAI's", "rss", lambda title, _: "system status" in title.lower())
    oddities: list[str] = []
    found = []
    for item in feed.items:
        parts = [part for part in item.link.split("/") if part]
        id_ = read_id(item.id) or (parts[-1][:MAX_ID] if parts else "")
        component = parts[-2] if len(parts) > 2 else ""
        if not id_ or item.updated is None:
            oddities.append(f"an item was dropped: no id or no time: {item.title[:60]!r}")
            continue
        if component not in page.components:
            oddities.append(f"unknown component {component[:40]!r} of {id_}")
        found.append(_affecting(item, id_, component, item.updated, page))
    return derived(page, found, oddities)


def _affecting(item: FeedItem, id_: str, component: str, began: datetime, page: Page) -> Affecting:
    words = [phase_word(word.strip()) for word in item.categories]
    over = "resolved" in words
    spoken = next((word for word in words if word not in _STATES), "")
    severity = Severity.UP if over else SEVERITIES.get(spoken, Severity.UNKNOWN)
    updates = in_order(_updates(item, id_))
    if updates:
        # How bad it is now is known, how bad it was is not: only the newest word carries it.
        *earlier, last = updates
        phase = RESOLVED if over else last.phase
        updates = (*earlier, replace(last, phase=phase, changes=changes({component: severity})))
    incident = page_incident(
        id_,
        item.title,
        began,
        (component,) if component else (),
        understood(severity),
        updates,
        over=over,
        url=item.link if item.link.startswith("https://") else "",
    )
    # One that does not say where it is may be anywhere.
    now = {component: severity} if component else dict.fromkeys(page.components, Severity.UNKNOWN)
    return Affecting(incident, now, spoken.replace("_", " "))


def _updates(item: FeedItem, id_: str) -> Iterator[PageUpdate]:
    """Yield the updates: a date on a line of its own begins each, its heading follows."""
    text = body(item.description)
    dates = list(_DATED.finditer(text))
    for index, match in enumerate(dates):
        end = dates[index + 1].start() if dates[index + 1 :] else len(text)
        at = read_moment(match[0])
        if at is not None:
            words = text[match.end() : end].strip()
            # Its text may be edited, its place and date are not.
            yield PageUpdate(made_id(id_, index, match[0]), ONGOING, words, at, at)
