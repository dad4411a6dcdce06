"""Replays recorded history as one channel would have got it: the engine, the delivery plan and the
wording, with nothing in between. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.catalog.catalog import Catalog
from bot.delivery.cache import message_of
from bot.delivery.plan import plan
from bot.delivery.steps import Act, Step, apply
from bot.domain.errors import SourceError
from bot.domain.incident import EventKind, Incident, IncidentEvent
from bot.domain.message import Lines, Message, Note, Quote, Rows
from bot.domain.page import Snapshot
from bot.domain.state import State
from bot.domain.subscription import Subscription, ThreadRecord
from bot.engine.step import on_failure, step
from bot.messages.text import in_words
from bot.status.schema import stamp

# Of several news told in one message, the one that matters most names it.
_LOUDEST = (
    EventKind.WITHDRAWN,
    EventKind.RESOLVED,
    EventKind.ENDED,
    EventKind.REOPENED,
    EventKind.WORSE,
    EventKind.BETTER,
)


@dataclass(frozen=True, slots=True)
class ReplayedMessage:
    """One message, or one edit of one. `place`: channel, thread or edit."""

    at: datetime
    incident: Incident
    event: IncidentEvent
    place: str
    card: Message
    root: bool


def replayed(
    looks: Iterable[tuple[datetime, Snapshot | SourceError]],
    catalog: Catalog,
    subscription: Subscription,
) -> Iterator[ReplayedMessage]:
    """Yield what the channel gets, in order.

    It subscribes right after the first look: what runs then is told as joined midway.
    """
    state: State | None = None
    threads: dict[str, ThreadRecord] = {}
    for at, seen in looks:
        if isinstance(seen, SourceError):
            state = on_failure(state, str(seen), at) if state else None
            continue
        first = state is None
        if first:
            asked_at = at + timedelta(microseconds=1)
            subscription = replace(subscription, created_at=asked_at, changed_at=asked_at)
        state, changed = step(state, seen, at, catalog)
        running = [i for i in state.incidents.values() if i.is_open] if first else changed
        for incident in running:
            thread = threads.get(incident.key, ThreadRecord())
            messages, threads[incident.key] = _delivered(
                incident, thread, subscription, at, catalog
            )
            yield from messages


def _delivered(
    incident: Incident,
    thread: ThreadRecord,
    subscription: Subscription,
    at: datetime,
    catalog: Catalog,
) -> tuple[list[ReplayedMessage], ThreadRecord]:
    """Carry out plans until nothing is missing, as the worker does."""
    messages: list[ReplayedMessage] = []
    while steps := plan(incident, thread, subscription, at, closes=False).steps:
        before = thread
        for one in steps:
            if one.act not in {Act.NOTE, Act.CLOSE}:
                edits, of_root = {Act.REVISE, Act.CORRECT}, one.act in {Act.OPEN, Act.REVISE}
                place = "edit" if one.act in edits else "thread"
                if one.act is Act.OPEN or one.in_channel:
                    place = "channel"
                card, event = message_of(one, incident, at, catalog), _told(one, incident)
                messages.append(ReplayedMessage(at, incident, event, place, card, root=of_root))
            thread = apply(thread, one, f"{len(thread.replies) + 1}")
        if thread == before:
            break
    # Every reply goes with an edit of the root; that edit is worth a line only if it is all.
    loud = [message for message in messages if message.place != "edit" or not message.root]
    return loud or messages[:1], thread


def _told(one: Step, incident: Incident) -> IncidentEvent:
    """The news that a message stands for."""
    known = {event.key: event for event in incident.events}
    match one.act:
        case Act.OPEN:
            # A channel that joins later (when it got worse) is told how bad it is by then.
            first = incident.events[0]
            told = max(one.since, first.revision)
            return replace(first, revision=told, severity=incident.severity)
        case Act.REPLY if one.event:
            return one.event
        case Act.REVISE:
            return incident.events[-1]
        case _:
            covered = [known[key] for key in one.covers if key in known]
            loudest = [n for kind in _LOUDEST for n in covered if n.kind is kind]
            return loudest[0] if loudest else covered[-1]


def as_text(card: Message) -> str:
    """Return what a card says, a line for each of its lines; nothing is cut or wrapped."""
    lines: list[str] = []
    for block in card.blocks:
        match block:
            case Lines(lines=several):
                lines += map(in_words, several)
            case Note(line=line):
                lines.append(in_words(line))
            case Quote(lead=lead, text=text):
                lines += [in_words(lead), text] if lead else [text]
            case Rows(rows=rows):
                lines += [f"{row.name}: {row.words}" for row in rows]
    return "\n".join(lines)


def as_json(message: ReplayedMessage, catalog: Catalog) -> dict[str, Any]:
    """One line of `replay --json`."""
    incident, event = message.incident, message.event
    return {
        "at": stamp(message.at),
        "provider": incident.provider,
        "incident": incident.id,
        "aliases": incident.aliases,
        "revision": event.revision,
        "kind": event.kind.value,
        "severity": event.severity.value,
        "surfaces": catalog.order(incident.surfaces),
        "place": message.place,
        "title": message.card.title,
        "text": as_text(message.card),
    }
