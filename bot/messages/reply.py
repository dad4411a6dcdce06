"""Replies in an incident's thread, shown in the channel too when they matter there."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken, spoken_list
from bot.domain.incident import EventKind, Incident, IncidentEvent, Origin
from bot.domain.message import EMOJI, Block, Line, Lines, Message, Text
from bot.domain.page import Severity, worst
from bot.messages.durations import duration, lasted, timeline
from bot.messages.parts import change_words, lead_words, text_of, words_of
from bot.messages.state import GONE, NOTICE, emoji_of, name_of, state_words, still_down, title_of
from bot.messages.text import phase_words, short

_SHORT_QUOTE = 600
_MOST_QUOTED = 6  # of the short ones; the longest message of a platform has 4,000 characters
_NAMED_IN_TITLE = 2

_NAMED_BY_PHASE = frozenset({EventKind.UPDATE, EventKind.BETTER, EventKind.RESOLVED})
_HEADS = {
    EventKind.OPENED: "Opened",
    EventKind.UPDATE: "Update",
    EventKind.WORSE: "Worse",
    EventKind.BETTER: "Better",
    EventKind.RESOLVED: "Resolved",
    EventKind.REOPENED: "Reopened",
    EventKind.CONFIRMED: "Confirmed by the provider",
    EventKind.CORRECTED: "Corrected by the provider",
    EventKind.WITHDRAWN: "Withdrawn by the provider",
    EventKind.OVER: "Already over",
    EventKind.POSTMORTEM: "Postmortem",
    EventKind.SCHEDULED: "Maintenance planned",
    EventKind.STARTED: "Maintenance started",
    EventKind.ENDED: "Maintenance over",
}


def reply_message(
    incident: Incident, event: IncidentEvent, now: datetime, catalog: Catalog
) -> Message:
    """One piece of news, as it is by now (an edited text shows as edited).

    Its title names the incident, since "worse" and "resolved" are shown in the channel too.
    """
    lines: list[Line] = _end_lines(incident, event, catalog)
    if event.kind is not EventKind.WITHDRAWN:
        lines[:0] = [(Text(words),) for words in change_words(event.changes, catalog)]
    blocks: list[Block] = [Lines(tuple(lines))] if lines else []
    if said := words_of(incident, event, phase=event.kind not in _NAMED_BY_PHASE):
        blocks.append(said)
    title, name = _title(incident, event, now, catalog), name_of(incident)
    head = title if name in title else f"{name}: {title}"
    changes = "; ".join(change_words(event.changes, catalog))
    text = short(text_of(incident, event)[0], _SHORT_QUOTE)
    return Message(
        title=title,
        plain=f"{head} ({changes}). {text}".strip() if changes else f"{head}. {text}".strip(),
        severity=event.severity,
        emoji=_emoji(event),
        blocks=tuple(blocks),
        ended=event.kind in {EventKind.RESOLVED, EventKind.ENDED, EventKind.WITHDRAWN},
    )


_EMOJI = {
    EventKind.WITHDRAWN: GONE,
    EventKind.CORRECTED: "✏️",
    EventKind.POSTMORTEM: "📄",
    EventKind.SCHEDULED: EMOJI[Severity.MAINTENANCE],
    EventKind.STARTED: EMOJI[Severity.MAINTENANCE],
}
_GREEN = frozenset({EventKind.RESOLVED, EventKind.BETTER, EventKind.OVER, EventKind.ENDED})


def _emoji(event: IncidentEvent) -> str:
    """By what happened; else by how bad it is. Green is only for what is over or up again."""
    if not event.ending.recovers:
        return NOTICE
    severity = _now_worse(event) if event.kind is EventKind.WORSE else event.severity
    if severity is Severity.UP and event.kind not in _GREEN:
        return _EMOJI.get(event.kind, NOTICE)
    return _EMOJI.get(event.kind, EMOJI[severity])


def _title(incident: Incident, event: IncidentEvent, now: datetime, catalog: Catalog) -> str:
    if not event.ending.recovers:
        return f"{event.ending.value.capitalize()}: {name_of(incident)}"
    if event.kind in {EventKind.UPDATE, EventKind.BETTER}:
        # Below the root, the phase alone says what is new.
        if event.kind is EventKind.BETTER and not event.text.strip():
            return "Up again" if event.severity is Severity.UP else "Better"
        return phase_words(event.phase).capitalize() or _HEADS[event.kind]
    head = _HEADS[event.kind]
    if event.kind is EventKind.RESOLVED and incident.origin is Origin.SUSPECTED:
        head = "Nothing confirmed"
    return f"{head}: {name_of(incident)}{_tail(incident, event, now, catalog)}"


def _tail(incident: Incident, event: IncidentEvent, now: datetime, catalog: Catalog) -> str:
    match event.kind:
        case EventKind.RESOLVED if incident.ended_at and incident.origin is not Origin.SUSPECTED:
            length = lasted(incident, now)
            return f" · after {duration(length)}" if length else ""
        case EventKind.WORSE:
            # The surfaces that got worst, where they are few; else how bad it is in all.
            now_worse = _now_worse(event)
            worse = [c for c in event.changes if c.after.rank > c.before.rank]
            hit = catalog.order(change.surface for change in worse if change.after is now_worse)
            named = spoken_list([catalog.label(s) for s in hit if len(hit) <= _NAMED_IN_TITLE])
            return f" · {named} {now_worse.words}" if named else f" · {now_worse.words}"
        case EventKind.OPENED | EventKind.REOPENED if event.severity.rank > Severity.UP.rank:
            return f" · {event.severity.words}"
        case _:
            return ""


def _now_worse(event: IncidentEvent) -> Severity:
    """Return the severity of what got worse; the rest of the incident may be worse still."""
    worse = [change.after for change in event.changes if change.after.rank > change.before.rank]
    return worst(worse, default=event.severity)


def _end_lines(incident: Incident, event: IncidentEvent, catalog: Catalog) -> list[Line]:
    lines: list[Line] = [(Text(event.note),)] if event.note else []
    if event.kind is EventKind.CONFIRMED and (lead := lead_words(incident)):
        lines.append((Text(lead),))
    if event.kind is EventKind.RESOLVED:
        if incident.ended_at and (spells := timeline(incident, incident.ended_at)):
            lines.append((Text(spells[:1].upper() + spells[1:]),))
        if event.severity.rank > Severity.UP.rank and (down := still_down(incident, catalog)):
            labels = spoken_list([spoken(catalog, s) for s in down])
            verb = "is" if len(down) == 1 else "are"
            lines.append((Text(f"Yet {labels} {verb} still not shown as up; I keep watching."),))
    if event.kind is EventKind.WITHDRAWN and not event.note:
        lines.append((Text("The provider deleted this incident; it may have been a mistake."),))
    return lines


def catch_up_message(incident: Incident, since_revision: int, now: datetime) -> Message:
    """One message for everything after `since_revision`: the present truth, no replay."""
    missed = [
        event
        for event in incident.events
        if event.revision > since_revision and event.kind is not EventKind.CORRECTED
    ]
    count = len(missed)
    plural = "update" if count == 1 else "updates"
    state = state_words(incident, now)
    lines: list[Line] = [(Text(f"{count} {plural} came since my last message here."),)]
    path = [words for words, _ in groupby(event.severity.words for event in missed)]
    if len(path) > 1:
        lines.append((Text(f"In short: {' → '.join(path)}."),))
    if not incident.is_open and (spells := timeline(incident, now)):
        lines.append((Text(spells[:1].upper() + spells[1:]),))
    blocks: list[Block] = [Lines(tuple(lines))]
    told = [event for event in missed if text_of(incident, event)[0].strip()]
    # What came all at once was never read: every text is quoted. After a gap the last one tells
    # how it is.
    at_once = len({event.observed_at for event in missed}) == 1
    quoted, length = (_MOST_QUOTED, _SHORT_QUOTE) if at_once else (1, None)
    blocks += filter(None, (words_of(incident, event, length) for event in told[-quoted:]))
    return Message(
        title=f"Catching up: {title_of(incident, now)}",
        plain=f"Catching up on {name_of(incident)}: now {state}. {count} {plural} meanwhile.",
        severity=incident.severity,
        emoji=emoji_of(incident),
        blocks=tuple(blocks),
        ended=not incident.is_open,
    )
