"""The root of an incident's thread: whoever looks at it sees what is true now."""

from __future__ import annotations

from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken, spoken_list
from bot.domain.incident import EventKind, Incident, Origin
from bot.domain.message import Block, Line, Lines, Message, Text
from bot.domain.page import Severity
from bot.messages.advice import opening_advice
from bot.messages.durations import timeline
from bot.messages.parts import (
    about_line,
    incident_buttons,
    lead_words,
    rows_of,
    source_note,
    text_of,
    timeline_line,
    times_of,
    words_of,
)
from bot.messages.state import emoji_of, name_of, state_words, still_down, title_of, worst_left
from bot.messages.story import story_lines
from bot.messages.text import phase_words

_SHORT_QUOTE = 300


def root_message(
    incident: Incident,
    now: datetime,
    catalog: Catalog,
    *,
    joined_midway: bool = False,
    report_count: str | None = None,
    switch: Line = (),
) -> Message:
    """The root at the incident's present revision.

    It depends on nothing of the channel but `joined_midway` (the root was first posted when the
    incident had been told elsewhere already). `report_count` is the line of reports, if any.
    """
    blocks: list[Block] = []
    if not incident.withdrawn and (rows := rows_of(incident, catalog)):
        blocks.append(rows)
    blocks.append(_facts(incident, now, catalog, joined_midway, report_count))
    # The opening text whole, and the latest one short; the thread has all of them.
    said = [e for e in incident.events if e.kind is not EventKind.CORRECTED]
    said = [event for event in said if text_of(incident, event)[0]]
    quotes = [words_of(incident, event) for event in said[:1]]
    quotes += [words_of(incident, event, _SHORT_QUOTE) for event in said[1:][-1:]]
    blocks += filter(None, quotes)
    running = incident.is_open and not incident.withdrawn and not incident.maintenance
    if running and (tip := opening_advice(incident, catalog)):
        blocks.append(Lines(((Text(tip),),)))
    if running and switch:
        blocks.append(Lines((switch,)))
    blocks.append(source_note(incident, catalog))
    return Message(
        title=title_of(incident, now),
        plain=plain(incident, now, catalog),
        severity=worst_left(incident) if not incident.is_open else incident.severity,
        emoji=emoji_of(incident),
        blocks=tuple(blocks),
        buttons=incident_buttons(incident),
        struck=incident.withdrawn,
        ended=not incident.is_open or incident.withdrawn,
    )


def _facts(
    incident: Incident,
    now: datetime,
    catalog: Catalog,
    joined_midway: bool,
    report_count: str | None,
) -> Lines:
    lines = list(times_of(incident, now).lines)
    if about := about_line(incident, catalog):
        lines.append(about)
    if not incident.is_open and (spells := timeline_line(incident, now)):
        lines.append(spells)
    if incident.withdrawn:
        lines.append((Text("The provider deleted this incident; it may have been a mistake."),))
    elif not incident.is_open and (down := still_down(incident, catalog)):
        labels = spoken_list([spoken(catalog, s) for s in down])
        verb = "is" if len(down) == 1 else "are"
        watch = Text(
            f"Resolved by the provider, yet {labels} {verb} still not shown as up.", bold=True
        )
        lines.append((watch, Text(" I keep watching, here in this thread.")))
    if incident.continues:
        earlier = Text(f"incident {incident.continues.partition('/')[2]}", code=True)
        lines.append((Text("It goes on from an earlier one: "), earlier))
    if incident.is_open and (lead := lead_words(incident)):
        lines.append((Text(lead),))
    if not incident.is_open:
        lines += story_lines(incident, now, catalog)
    if joined_midway:
        lines.append(
            (Text("Joined midway: it was already running when this channel asked for it."),)
        )
    if report_count:
        lines.append((Text(report_count),))
    return Lines(tuple(lines))


def plain(incident: Incident, now: datetime, catalog: Catalog) -> str:
    """The whole root in some sentences, for notifications and screen readers.

    What is down comes first: a notification shows no more than that.
    """
    sentence = f"{name_of(incident)}: {state_words(incident, now)}"
    rows = rows_of(incident, catalog)
    down = [row for row in rows.rows if row.severity.rank > Severity.UP.rank] if rows else []
    if incident.is_open and down:
        what: dict[str, list[str]] = {}
        for row in down:
            what.setdefault(row.words, []).append(row.name)
        said = "; ".join(f"{words}: {', '.join(names)}" for words, names in what.items())
        who = catalog.provider(incident.provider).label
        mark = "Suspected: " if incident.origin is Origin.SUSPECTED else ""
        name = name_of(incident).rstrip(".")
        says = {
            Origin.PROVIDER: f"says: {phase_words(incident.phase) or 'nothing yet'}",
            Origin.OURS: "has posted no incident",
            Origin.SUSPECTED: "has not confirmed it",
        }[incident.origin]
        return f"{emoji_of(incident)} {mark}{who} {said}. {name}. {who} {says}."
    if not incident.is_open and (spells := timeline(incident, now)):
        return f"{sentence} ({spells})."
    return f"{sentence}."
