"""The message at the end of quiet hours: the present truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.domain.blindness import Blindness
from bot.domain.incident import Incident
from bot.domain.message import Button, Line, Lines, Link, Message, Text, Time
from bot.domain.page import worst
from bot.messages.parts import incident_buttons
from bot.messages.state import emoji_of, name_of, state_words
from bot.messages.text import in_words

_MOST_NAMED = 10
_MOST_BUTTONS = 5  # in one row, on every platform


def quiet_end_message(
    incidents: Sequence[Incident], blind: Sequence[Blindness], now: datetime, catalog: Catalog
) -> Message:
    """Say what goes on of what was put off, the worst first."""
    ranked = sorted(incidents, key=lambda one: (-one.severity.rank, one.started_at))
    lines = [_incident_line(incident, now, catalog) for incident in ranked[:_MOST_NAMED]]
    if len(ranked) > _MOST_NAMED:
        lines.append((Text(f"… and {len(ranked) - _MOST_NAMED} more: "), Text("why", code=True)))
    for one in blind:
        label = catalog.provider(one.provider).label
        said = f"🙈 I can't see the status page of {label} since "
        lines.append((Text(said), Time(one.since, "date"), Text(".")))
    title = "Quiet hours are over"
    if ranked:
        what = "this goes on" if len(ranked) == 1 else f"{len(ranked)} incidents go on"
        title += f", and {what}"
    buttons = tuple(Button("details", f"Details {n}", i.key) for n, i in enumerate(ranked, 1))
    return Message(
        title,
        f"{title}. {' '.join(map(in_words, lines))}",
        worst(incident.severity for incident in ranked) if ranked else None,
        emoji="☀️",
        blocks=(Lines(tuple(lines)),),
        buttons=incident_buttons(ranked[0]) if len(ranked) == 1 else buttons[:_MOST_BUTTONS],
    )


def _incident_line(incident: Incident, now: datetime, catalog: Catalog) -> Line:
    surfaces = [catalog.label(surface) for surface in catalog.order(incident.surfaces)]
    line: Line = (
        Text(f"{emoji_of(incident)} "),
        Text(name_of(incident, 80), bold=True),
        Text(f": {state_words(incident, now)}"),
        Text(f" ({', '.join(surfaces)})" if surfaces else ""),
        Text(", since "),
        Time(incident.started_at, "date"),
    )
    return (*line, Text(" · "), Link("open it", incident.url)) if incident.url else line
