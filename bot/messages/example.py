"""An example alert that nobody can take for a real one."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.message import EMOJI, Lines, Message, Note, Quote, Row, Rows, Text, Time
from bot.domain.page import Severity


def example_message(catalog: Catalog, now: datetime) -> Message:
    """What an alert looks like; marked at its beginning and its end."""
    surface = catalog.surfaces()[0].label if catalog.surfaces() else "claude.ai"
    began = now - timedelta(minutes=4)
    return Message(
        title=f"EXAMPLE, nothing is wrong · {surface} unavailable · major outage",
        plain=f"This is only an example of an alert; {surface} is not affected.",
        severity=Severity.MAJOR,
        emoji="🧪",
        blocks=(
            Rows((Row(Severity.MAJOR, surface, Severity.MAJOR.words, began, "example"),)),
            Lines(((Text("Investigating · started "), Time(began, "date")),)),
            Quote(
                "Here stand the provider's own words, word for word.",
                (Time(began, "clock"), Text(" investigating (example)")),
            ),
            Note(
                (
                    Text(f"{EMOJI[Severity.UP]} This was an example, asked for with "),
                    Text("test", code=True),
                    Text(". A real one is edited as things change; updates come in its thread."),
                )
            ),
        ),
    )
