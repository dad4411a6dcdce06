"""Steps that bring a thread up to date, what stands there after each, and what they are called.

A delivery key is the name of a message for ever, on every platform: what may have been sent
without being recorded is searched for by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.board import PIN
from bot.domain.incident import Incident, IncidentEvent
from bot.domain.subscription import Channel, Reason, ThreadRecord
from bot.messenger import Messenger, ReplacesThreads

# The root of a thread that somebody deleted before its reference was known: nothing more is sent.
DELETED = ""
FIRST = ""  # the first message of an announcement; most have no other


class Act(StrEnum):
    OPEN = "open"
    REPLY = "reply"
    CATCH_UP = "catch_up"  # one reply instead of many
    CORRECT = "correct"  # change the reply whose text the provider changed
    REVISE = "revise"  # change the root
    CLOSE = "close"
    RECORD = "record"  # remember what the next message says, before it is sent
    NOTE = "note"  # nothing to send: remember only that it is dealt with
    SAY = "say"  # one message outside any thread
    EDIT = "edit"  # change such a message; one that is gone is not sent again
    PIN = "pin"
    UNPIN = "unpin"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do about a thread."""

    act: Act
    revision: int
    event: IncidentEvent | None = None  # what a reply tells; of a catch-up, the last of it
    covers: tuple[str, ...] = ()  # events (keys) that are dealt with once this is done
    in_channel: bool = False  # a reply that the whole channel sees as well
    mention: bool = False  # call whom the subscription names
    midway: bool = False  # of a root: the channel asked when the incident was running
    # Of a catch-up, the last revision told before; of an opening, the last that needs no reply.
    since: int = 0
    report_count: str = ""  # of a root: the line of people's reports
    part: str = FIRST  # which message of an announcement
    content: str = ""  # of a board: the hash of what it shows then

    @property
    def sends(self) -> bool:
        """Tell whether carrying it out again would be seen twice."""
        return self.act in {Act.OPEN, Act.REPLY, Act.CATCH_UP, Act.SAY}


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps that bring a destination up to date about one subject, and why these are all."""

    steps: tuple[Step, ...]
    reason: Reason

    @property
    def sends(self) -> bool:
        return any(step.sends for step in self.steps)


def apply(thread: ThreadRecord, step: Step, message: str = "") -> ThreadRecord:
    """Return the thread once `step` was carried out; `message` is what the messenger returned."""
    if step.act is Act.OPEN:
        return replace(
            thread,
            root=message,
            joined=step.since,
            shown=step.revision,
            midway=step.midway,
            report_count=step.report_count,
        )
    replies = {**thread.replies, **dict.fromkeys(step.covers, "")}
    match step.act:
        case Act.SAY | Act.EDIT | Act.PIN | Act.UNPIN:
            return _announced(thread, step, message)
        case Act.REPLY if step.event:
            replies[step.event.key] = message
            return replace(thread, replies=replies, closed=False)
        case Act.REVISE:
            return replace(thread, shown=step.revision, report_count=step.report_count)
        case Act.CLOSE:
            return replace(thread, closed=True)
        case _:
            closed = thread.closed and step.act is not Act.CATCH_UP
            return replace(thread, replies=replies, closed=closed)


def placed(thread: ThreadRecord, messenger: Messenger, messages: Iterable[str]) -> ThreadRecord:
    """Return the record where one of these messages may have begun another thread."""
    replies = [message for message in messages if message and message != thread.root]
    # Asked of replies alone: before Python 3.12 to ask it costs a twentieth of an opening.
    if replies and isinstance(messenger, ReplacesThreads):
        for message in replies:
            if messenger.begins_thread(message):
                thread = replace(thread, place=message)
    return thread


def _announced(thread: ThreadRecord, step: Step, message: str) -> ThreadRecord:
    """Return the record of an announcement once `step` was carried out."""
    unpinned = {name: ref for name, ref in thread.replies.items() if name != PIN}
    match step.act:
        case Act.PIN:
            return replace(thread, replies={**unpinned, PIN: message})
        case Act.UNPIN:
            return replace(thread, replies=unpinned)
        case Act.EDIT:
            return replace(thread, root=message, content=step.content)
        case _ if step.part != FIRST:
            return replace(thread, replies={**thread.replies, step.part: message})
        case _:
            first = replace(thread, root=message, joined=step.revision, content=step.content)
            return replace(first, closed=False, replies=unpinned)


# --- delivery keys ------------------------------------------------------------------------------


def root_key(channel: Channel, incident: Incident) -> str:
    return f"{channel}/{incident.key}/root"


def reply_key(channel: Channel, incident: Incident, event: IncidentEvent) -> str:
    return f"{channel}/{incident.key}/{event.key}"


def catch_up_key(channel: Channel, incident: Incident, last: IncidentEvent) -> str:
    return f"{channel}/{incident.key}/until/{last.key}"


def key_of(step: Step, channel: Channel, incident: Incident) -> str:
    """Return the key of the message that a step sends or changes."""
    if step.event is None:
        return root_key(channel, incident)
    if step.act is Act.CATCH_UP:
        return catch_up_key(channel, incident, step.event)
    return reply_key(channel, incident, step.event)
