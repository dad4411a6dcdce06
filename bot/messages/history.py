"""What happened: the list, and one incident in full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.incident import EventKind, Incident
from bot.domain.message import Block, Line, Lines, Message, Note, Span, Text, ThreadLink, Time
from bot.messages.durations import duration, timeline
from bot.messages.parts import (
    about_line,
    incident_buttons,
    rows_of,
    source_note,
    times_of,
    words_of,
)
from bot.messages.root import plain
from bot.messages.state import emoji_of, name_of, state_words, title_of

_LISTED = 12
_QUOTED = 12


def history_message(
    incidents: Sequence[Incident],
    span: timedelta,
    now: datetime,
    catalog: Catalog,
    *,
    about: str = "",
    listed: Sequence[Incident] = (),
    watched_since: datetime | None = None,
) -> Message:
    """Incidents newest first, each with the id that `incident` takes.

    `listed` are those that the page's own list tells of the time before `watched_since`.
    """
    of = f" of {about}" if about else ""
    count = len(incidents) + len(listed)
    blocks: list[Block] = []
    if listed or (watched_since and now - watched_since < span):
        began = (Time(watched_since, "date"),) if watched_since else (Text("now"),)
        tail = "; what is marked is from the page's own list." if listed else "."
        blocks.append(Note((Text("I have watched since "), *began, Text(tail))))
    if not count:
        title = f"No incident{of} in the last {duration(span)}"
        if blocks:
            title = f"No incident{of} that I know of in the last {duration(span)}"
        return Message(title, f"{title}.", blocks=tuple(blocks))
    plural = "incident" if count == 1 else "incidents"
    newest = sorted((*incidents, *listed), key=lambda i: i.started_at, reverse=True)
    marked = {incident.key for incident in listed}
    lines = tuple(_line(one, now, catalog, listed=one.key in marked) for one in newest[:_LISTED])
    blocks.insert(0, Lines(lines))
    if count > _LISTED:
        blocks.append(Note((Text(f"… and {count - _LISTED} more before."),)))
    known = next((one for one in newest if one.key not in marked), None)
    if known is not None:
        more = (Text("One of them in full: "), Text(f"incident {known.id}", code=True))
        blocks.append(Note(more))
    title = f"{count} {plural}{of} in the last {duration(span)}"
    return Message(title, f"{title}; the latest: {newest[0].title}.", blocks=tuple(blocks))


def _line(incident: Incident, now: datetime, catalog: Catalog, *, listed: bool) -> Line:
    surfaces = ", ".join(catalog.label(s) for s in catalog.order(incident.surfaces))
    tail = f" · {surfaces}" if surfaces else ""
    went = state_words(incident, now)
    if not incident.withdrawn and not incident.is_open:
        went = timeline(incident, now) or went
    mark = " (the page's list)" if listed else ""
    return (
        Text(f"{emoji_of(incident)} "),
        Time(incident.started_at, "date"),
        Text(" "),
        Text(name_of(incident, 80), bold=True, struck=incident.withdrawn),
        Text(f" · {went}{tail}{mark} · "),
        Text(incident.id, code=True),
    )


def incident_message(
    incident: Incident, now: datetime, catalog: Catalog, *, thread: ThreadLink | None = None
) -> Message:
    """One incident in full: every text of the provider, oldest first."""
    blocks: list[Block] = []
    if rows := rows_of(incident, catalog):
        blocks.append(rows)
    facts: list[Line] = list(times_of(incident, now).lines)
    if about := about_line(incident, catalog):
        facts.append(about)
    if spells := timeline(incident, now):
        facts.append((Text(spells[:1].upper() + spells[1:]),))
    blocks.append(Lines(tuple(facts)))
    told = [event for event in incident.events if event.kind is not EventKind.CORRECTED]
    quotes = [quote for event in told if (quote := words_of(incident, event))]
    if len(quotes) > _QUOTED:
        blocks.append(Note((Text(f"{len(quotes) - _QUOTED} earlier updates are left out."),)))
    blocks += quotes[-_QUOTED:]
    where: tuple[Span, ...] = (Text(" · thread in "), thread) if thread else ()
    more: tuple[Span, ...] = (Text(" · "), Text(incident.id, code=True))
    blocks.append(source_note(incident, catalog, *where, *more))
    return Message(
        title=title_of(incident, now),
        plain=plain(incident, now, catalog),
        severity=incident.severity,
        emoji=emoji_of(incident),
        blocks=tuple(blocks),
        buttons=tuple(b for b in incident_buttons(incident) if b.action != "details"),
        struck=incident.withdrawn,
        ended=not incident.is_open,
    )
