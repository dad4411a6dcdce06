"""Charts as values: the strip of days. Adapters draw it; here it is text."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.page import Severity
from bot.history.uptime import Uptime

# Heights and shapes, so that nobody needs a colour: the worse, the higher.
SIGNS = {
    Severity.UNKNOWN: "·",
    Severity.UP: "▁",
    Severity.MAINTENANCE: "▂",
    Severity.DEGRADED: "▃",
    Severity.PARTIAL: "▅",
    Severity.MAJOR: "█",
}


def strip_text(days: Iterable[Uptime]) -> str:
    """One sign a day, the oldest first: the worst that was known of it."""
    return "".join(SIGNS[day.worst] for day in days)
