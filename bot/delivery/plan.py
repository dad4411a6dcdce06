"""What is missing in one channel's thread of one incident. Pure.

`plan` compares what stands there (`ThreadRecord`) with what is true (`Incident`) and with what the
channel asks for (`Subscription`); `apply` says what stands there once a step was carried out.
The courier carries the steps out; `replay` only shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.incident import Ending, EventKind, Incident, IncidentEvent, Origin
from bot.domain.subscription import Channel, Subscription, ThreadRecord

# A channel that missed more than this gets the present truth instead of a replay.
MOST_REPLIES = 3
OLDEST_REPLY = timedelta(minutes=10)
# Seen first when it had been over for longer: history, no news.
OLDEST_OVER = timedelta(days=1)
# The root of a thread that somebody deleted before we knew its reference: leave them in peace.
DELETED = ""

SHOWN_IN_CHANNEL = frozenset(
    {EventKind.WORSE, EventKind.RESOLVED, EventKind.REOPENED, EventKind.CONFIRMED}
)
CALLS = frozenset({EventKind.WORSE, EventKind.CONFIRMED})
ENDS = frozenset({EventKind.RESOLVED, EventKind.ENDED, EventKind.WITHDRAWN})


class Act(StrEnum):
    OPEN = "open"
    REPLY = "reply"
    CATCH_UP = "catch_up"  # one reply instead of many
    CORRECT = "correct"  # change the reply whose text the provider changed
    REVISE = "revise"  # change the root
    CLOSE = "close"
    NOTE = "note"  # nothing to send: remember only that it is dealt with


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `covers` are the news (keys) that are dealt with once it is done.

    `news`: what a reply tells (of a catch-up: the last). `since`: the last revision that was
    told before a catch-up; of an opening, the last that needs no reply. `mention`: call whom
    the subscription names.
    """

    act: Act
    revision: int
    event: IncidentEvent | None = None
    covers: tuple[str, ...] = ()
    in_channel: bool = False
    mention: bool = False
    midway: bool = False
    since: int = 0

    @property
    def sends(self) -> bool:
        """Would doing it again be seen twice?"""
        return self.act in {Act.OPEN, Act.REPLY, Act.CATCH_UP}


def plan(
    incident: Incident,
    thread: ThreadRecord,
    subscription: Subscription,
    now: datetime,
    *,
    closes: bool = True,
) -> list[Step]:
    """Return what brings the thread up to date, in order; nothing if it is.

    `closes`: the platform closes threads that have ended.
    """
    if thread.root is None:
        return _open(incident, subscription, now)
    if thread.root == DELETED:
        return []
    missed = [
        event
        for event in incident.events
        if event.revision > thread.joined and event.key not in thread.replies
    ]
    steps = _correct(incident, thread, missed)
    steps += _tell(incident, subscription, missed, now)
    if thread.shown != incident.revision:
        steps.append(Step(Act.REVISE, incident.revision, midway=thread.midway))
    if closes and not incident.is_open and (steps or not thread.closed):
        steps.append(Step(Act.CLOSE, incident.revision))
    return steps


def apply(thread: ThreadRecord, step: Step, message: str = "") -> ThreadRecord:
    """Return the thread once `step` was carried out; `message` is what the messenger returned."""
    replies = {**thread.replies, **dict.fromkeys(step.covers, "")}
    match step.act:
        case Act.OPEN:
            return replace(
                thread, root=message, joined=step.since, shown=step.revision, midway=step.midway
            )
        case Act.REPLY if step.event:
            replies[step.event.key] = message
            return replace(thread, replies=replies, closed=False)
        case Act.CATCH_UP:
            return replace(thread, replies=replies, closed=False)
        case Act.REVISE:
            return replace(thread, shown=step.revision)
        case Act.CLOSE:
            return replace(thread, closed=True)
        case _:
            return replace(thread, replies=replies)


# --- delivery keys: what a message is called for ever, on every platform ----------------------


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


# --- the parts of a plan ----------------------------------------------------------------------


def _open(incident: Incident, subscription: Subscription, now: datetime) -> list[Step]:
    if not incident.events or incident.withdrawn or incident.quiet or subscription.is_muted(now):
        return []
    if not subscription.matches(incident):
        return []
    asked_at = subscription.changed_at or subscription.created_at
    over = incident.ended_at
    if over and (now - over > OLDEST_OVER or (asked_at and over < asked_at)):
        return []
    midway = asked_at is not None and incident.events[0].observed_at < asked_at
    # Nobody is called for what is only suspected; when the provider confirms it, they are.
    quiet = incident.maintenance or incident.origin is Origin.SUSPECTED
    calls = not over and not midway and not quiet
    since = incident.revision if midway or over else _told_by_root(incident, now)
    return [Step(Act.OPEN, incident.revision, midway=midway, mention=calls, since=since)]


def _told_by_root(incident: Incident, now: datetime) -> int:
    """The revision up to which a new root tells everything: what came in the same look as the
    opening follows in the thread, word for word, unless it is much or old.
    """
    first, *more = incident.events
    if len(more) > MOST_REPLIES or now - first.observed_at > OLDEST_REPLY:
        return incident.revision
    if any(event.observed_at != first.observed_at for event in more):
        return incident.revision
    return first.revision


def _correct(
    incident: Incident, thread: ThreadRecord, missed: Sequence[IncidentEvent]
) -> list[Step]:
    """Edits of what stands there; those of what does not are in the root, or still to be told."""
    targets: dict[str | None, list[str]] = {}
    for event in missed:
        if event.kind is EventKind.CORRECTED:
            target = event.corrects if thread.replies.get(event.corrects or "") else None
            targets.setdefault(target, []).append(event.key)
    told = {event.key: event for event in incident.events}
    steps = []
    for target, covered in targets.items():
        reply = told.get(target or "")
        act = Act.CORRECT if reply else Act.NOTE
        steps.append(Step(act, incident.revision, event=reply, covers=tuple(covered)))
    return steps


def _tell(
    incident: Incident, subscription: Subscription, missed: Sequence[IncidentEvent], now: datetime
) -> list[Step]:
    event = [one for one in missed if one.kind is not EventKind.CORRECTED]
    if not event:
        return []
    if subscription.is_muted(now) or not subscription.matches(incident):
        return _end_only(incident, event)
    waited = now - min(one.observed_at for one in event)
    if len(event) > MOST_REPLIES or (len(event) > 1 and waited > OLDEST_REPLY):
        return [_catch_up(incident, subscription, event)]
    return [_reply(incident, subscription, one) for one in event]


def _reply(incident: Incident, subscription: Subscription, event: IncidentEvent) -> Step:
    # Seen together with the opening: the root has just told the channel. What another incident
    # goes on with was told there by that one's root.
    fresh = (
        event.observed_at != incident.events[0].observed_at
        and event.ending is not Ending.HANDED_OVER
    )
    in_channel = fresh and event.kind in SHOWN_IN_CHANNEL - subscription.thread_only
    calls = fresh and event.kind in CALLS
    return Step(Act.REPLY, incident.revision, event, in_channel=in_channel, mention=calls)


def _catch_up(
    incident: Incident, subscription: Subscription, event: Sequence[IncidentEvent]
) -> Step:
    kinds = {one.kind for one in event}
    return Step(
        Act.CATCH_UP,
        incident.revision,
        event[-1],
        covers=tuple(one.key for one in event),
        in_channel=bool(kinds & (SHOWN_IN_CHANNEL - subscription.thread_only)),
        mention=bool(CALLS & kinds) and incident.is_open,
        since=event[0].revision - 1,
    )


def _end_only(incident: Incident, event: Sequence[IncidentEvent]) -> list[Step]:
    """The channel wants no news (any more); what was announced there still gets its end."""
    end = next((one for one in reversed(event) if one.kind in ENDS), None)
    if end is None or (incident.is_open and not incident.withdrawn):
        return [Step(Act.NOTE, incident.revision, covers=tuple(one.key for one in event))]
    rest = tuple(one.key for one in event if one is not end)
    return [Step(Act.REPLY, incident.revision, end, covers=rest)]
