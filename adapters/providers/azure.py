"""Azure's status feed: wide incidents only, and no severity. The weakest source that we read.

Microsoft announces here what concerns many; what concerns one customer stands in their portal. So
an item makes a component degraded, never worse, and an empty feed means "nothing announced". The
form of an item is a guess after the documentation: nobody has recorded one.
"""

from __future__ import annotations

import re
from datetime import datetime

from adapters.providers.documents import FeedItem, read_feed
from adapters.providers.fields import read_id
from adapters.providers.port import Page
from adapters.providers.values import (
    ONGOING,
    RESOLVED,
    Affecting,
    derived,
    made_id,
    page_incident,
    page_update,
    understood,
)
from bot.domain.page import Severity, Snapshot

PATH = "/feed/"
# Words of a title's last part (guess). Anything else is unknown.
_OVER = re.compile(r"\b(mitigated|resolved|rca|pir|post incident review)\b", re.IGNORECASE)
_OPEN = re.compile(
    r"\b(active|investigating|identified|monitoring|mitigating|applying|advisory|degrad\w+)\b",
    re.IGNORECASE,
)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the feed for the components of `page`, which items name by one of their names.

    Raises:
        SourceError: no feed of Azure.
    """
    feed = read_feed(content)
    feed.expect("Azure's", "rss", lambda title, _: "azure" in title.lower())
    oddities: list[str] = []
    found = []
    for item in feed.items:
        said = " ".join((item.title, *item.categories)).lower()
        concerned = [
            id_
            for id_, names in page.components.items()
            if any(name.lower() in said for name in names)
        ]
        if concerned and item.updated is None:
            oddities.append(f"an item was dropped: no time: {item.title[:60]!r}")
        elif concerned and item.updated is not None:
            found.append(_affecting(item, item.updated, concerned, page))
    return derived(page, found, oddities, quiet="nothing announced")


def _affecting(item: FeedItem, at: datetime, concerned: list[str], page: Page) -> Affecting:
    state = item.title.rpartition(" - ")[2]
    over = _OVER.search(state) is not None
    severity = Severity.DEGRADED if _OPEN.search(state) else Severity.UNKNOWN
    severity = Severity.UP if over else severity
    now = dict.fromkeys(concerned, severity)
    id_ = read_id(item.id) or made_id(item.title, at)
    phase = RESOLVED if over else ONGOING
    update = page_update(made_id(id_, at), at, item.description, now, phase=phase)
    incident = page_incident(
        id_, item.title, at, now, understood(severity), [update], over=over, url=page.link
    )
    return Affecting(incident, now, "announced, without a severity")
