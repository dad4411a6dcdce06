"""The two lines about a page that cannot be read while something is wrong."""

from __future__ import annotations

from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken_list
from bot.domain.blindness import Blindness
from bot.domain.message import Line, Lines, Message, Text, Time
from bot.domain.page import Severity
from bot.messages.durations import duration
from bot.messages.text import in_words


def blind_message(blindness: Blindness, now: datetime, catalog: Catalog) -> Message:
    """Say that the page cannot be read, since when, and what was known last."""
    provider = catalog.provider(blindness.provider)
    by_severity: dict[Severity, list[str]] = {}
    for surface in catalog.order(blindness.surfaces):
        severity = blindness.surfaces[surface].now
        by_severity.setdefault(severity, []).append(catalog.label(surface))
    known = [
        f"{spoken_list(labels)} {severity.words}"
        for severity, labels in sorted(by_severity.items(), key=lambda pair: -pair[0].rank)
    ]
    last = "; ".join(known) or f"an incident, {blindness.worst.words}"
    line: Line = (
        Text("It cannot be read since "),
        Time(blindness.since, "clock"),
        Text(f" ({duration(now - blindness.since)}). What I last knew: {last}. By now it may be "),
        Text("over, or worse."),
    )
    title = f"I can't see the status page of {provider.label}"
    return _one_line(title, line, Severity.UNKNOWN, emoji="🙈")


def seen_again_message(blindness: Blindness, now: datetime, catalog: Catalog) -> Message:
    """Say that the page can be read again, and for how long it could not."""
    ended = blindness.ended_at or now
    line: Line = (
        Text(f"It could not be read for {duration(ended - blindness.since)}, from "),
        Time(blindness.since, "clock"),
        Text(" to "),
        Time(ended, "clock"),
        Text(". What changed meanwhile follows in the threads."),
    )
    title = f"I can see the status page of {catalog.provider(blindness.provider).label} again"
    return _one_line(title, line, None, emoji="👀")


def _one_line(title: str, line: Line, severity: Severity | None, *, emoji: str) -> Message:
    words = f"{title}. {in_words(line)}"
    return Message(title, words, severity, emoji, (Lines((line,)),), ended=True)
