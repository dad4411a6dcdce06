"""OnlineOrNot's `incidents.rss`: an item for each incident, with its words and no component.

The newest word stands first in an item's text ("<strong>INVESTIGATING</strong> - ..."), with a time
that has no year; `pubDate` is when the incident began. The id is the end of the link, which lacks
its scheme. How bad it is, is not said: a component that an open item names is degraded, and where
it names none, any of them may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.html import plain_text
from adapters.providers.documents import FeedItem, changed_format, read_feed
from adapters.providers.fields import phase_word, read_id
from adapters.providers.port import Page
from adapters.providers.values import Affecting, derived, made_id, page_incident, page_update
from bot.catalog.providers import says
from bot.domain.page import ENDED, OPEN, Severity, Snapshot

PATH = "/incidents.rss"
_WORD = re.compile(
    r"<small>\s*(?P<when>[^<]{3,60}?)\s*</small>\s*(?:<br\s*/?>\s*)?"
    r"<strong>\s*(?P<word>[^<]{1,40}?)\s*</strong>\s*-?",
    re.IGNORECASE,
)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the feed for the components of `page`, which items name by one of their names.

    Raises:
        SourceError: no feed of this form (Statuspage's has the same title and other times).
    """
    feed = read_feed(content)
    feed.expect(
        "OnlineOrNot's", "rss", lambda title, _: title.lower().endswith("- incident history")
    )
    if feed.items and not any(_WORD.search(item.description) for item in feed.items):
        raise changed_format("OnlineOrNot's feed", "items of another form")
    oddities: list[str] = []
    found = []
    for item in feed.items:
        if (began := item.updated) is None or not (id_ := read_id(item.link.rpartition("/")[2])):
            oddities.append(f"an item was dropped: no id or no time: {item.title[:60]!r}")
        else:
            found.append(_affecting(item, id_, began, page))
    return derived(page, found, oddities, quiet="nothing announced")


def _affecting(item: FeedItem, id_: str, began: datetime, page: Page) -> Affecting:
    told = list(_told(item.description, began))
    phase = told[0][1] if told else ""
    over = phase in ENDED
    severity = Severity.DEGRADED if phase in OPEN else Severity.UNKNOWN
    severity = Severity.UP if over else severity
    said = "\n".join((item.title, *(text for *_, text in told)))
    named = [component for component, names in page.components.items() if says(names, said)]
    now = dict.fromkeys(named, severity)
    updates = [
        # What was said of components before is not known: the newest word alone carries it.
        page_update(made_id(id_, at, word), at, text, {} if earlier else now, phase=word)
        for earlier, (at, word, text) in enumerate(told)
    ]
    incident = page_incident(
        id_,
        item.title,
        began,
        now,
        Severity.UP if over else Severity.UNKNOWN,
        updates,
        phase=phase,
        over=over,
        url=f"{page.url}/incidents/{id_}",
    )
    states = now or dict.fromkeys(page.components, Severity.UP if over else Severity.UNKNOWN)
    return Affecting(replace(incident, linkable=bool(now)), states, "announced, without a severity")


def _told(description: str, began: datetime) -> Iterator[tuple[datetime, str, str]]:
    """Yield time, phase and text of each update, as the item has them: newest first."""
    words = list(_WORD.finditer(description))
    for index, match in enumerate(words):
        end = words[index + 1].start() if words[index + 1 :] else len(description)
        text = plain_text(description[match.end() : end])
        yield _dated(match["when"], began), phase_word(match["word"]), text.lstrip("- ")


def _dated(text: str, began: datetime) -> datetime:
    """Return "Aug 28, 10:33 PM UTC" with the year that it has: none before the incident began."""
    for year in (began.year, began.year + 1):
        try:
            at = datetime.strptime(f"{year} {text}", "%Y %b %d, %I:%M %p %Z").replace(tzinfo=UTC)
        except ValueError:
            continue
        if at >= began - timedelta(minutes=1):  # its seconds are cut off
            return at
    return began
