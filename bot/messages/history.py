"""Past incidents: the list, and one of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.chart import Chart
from bot.domain.incident import EventKind, Incident, SeenBy
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
_SEEN_BY = {SeenBy.US: "seen by us", SeenBy.PAGE: "from the page"}


def history_message(
    incidents: Sequence[Incident],
    span: timedelta,
    now: datetime,
    catalog: Catalog,
    *,
    about: str = "",
    watched_since: datetime | None = None,
) -> Message:
    """Incidents newest first, each with the id that `incident` takes and who saw it."""
    of = f" of {about}" if about else ""
    count = len(incidents)
    blocks: list[Block] = []
    from_page = any(incident.seen_by is SeenBy.PAGE for incident in incidents)
    if from_page or (watched_since and now - watched_since < span):
        began = (Time(watched_since, "date"),) if watched_since else (Text("now"),)
        tail = "; what was over before is from the page's own list." if from_page else "."
        blocks.append(Note((Text("I have watched since "), *began, Text(tail))))
    if not count:
        title = f"No incident{of} in the last {duration(span)}"
        if blocks:
            title = f"No incident{of} that I know of in the last {duration(span)}"
        return Message(title, f"{title}.", blocks=tuple(blocks))
    plural = "incident" if count == 1 else "incidents"
    newest = sorted(incidents, key=lambda i: i.started_at, reverse=True)
    blocks.insert(0, Lines(tuple(_line(one, now, catalog) for one in newest[:_LISTED])))
    if count > _LISTED:
        blocks.append(Note((Text(f"… and {count - _LISTED} more before."),)))
    more = (Text("One of them in full: "), Text(f"incident {newest[0].id}", code=True))
    blocks.append(Note(more))
    title = f"{count} {plural}{of} in the last {duration(span)}"
    return Message(title, f"{title}; the latest: {newest[0].title}.", blocks=tuple(blocks))


def _line(incident: Incident, now: datetime, catalog: Catalog) -> Line:
    surfaces = ", ".join(catalog.label(s) for s in catalog.order(incident.surfaces))
    tail = f" · {surfaces}" if surfaces else ""
    went = state_words(incident, now)
    if not incident.withdrawn and not incident.is_open:
        went = timeline(incident, now) or went
    return (
        Text(f"{emoji_of(incident)} "),
        Time(incident.started_at, "date"),
        Text(" "),
        Text(name_of(incident, 80), bold=True, struck=incident.withdrawn),
        Text(f" · {went}{tail} · {_SEEN_BY[incident.seen_by]} · "),
        Text(incident.id, code=True),
    )


def incident_message(
    incident: Incident,
    now: datetime,
    catalog: Catalog,
    *,
    thread: ThreadLink | None = None,
    chart: Chart | None = None,
) -> Message:
    """One incident in full: every text of the provider, oldest first."""
    blocks: list[Block] = []
    if rows := rows_of(incident, catalog):
        blocks.append(rows)
    facts: list[Line] = list(times_of(incident, now).lines)
    if incident.seen_by is SeenBy.PAGE:
        facts.append((Text("From the page: it was over before I first looked."),))
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
        chart=chart,
    )
