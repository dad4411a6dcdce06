"""Plans of what is missing in one channel's thread of one incident. Pure.

`plan` compares what stands there (`ThreadRecord`) with what is true (`Incident`) and with what the
channel asks for (`Subscription`), and says why that is all; `apply` returns what stands there once
a step was carried out. The worker carries the steps out; `replay` and `why` only show them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.incident import Ending, EventKind, Incident, IncidentEvent, Origin
from bot.domain.subscription import Channel, Reason, Subscription, ThreadRecord

# A channel that missed more than this gets the present truth instead of a replay (guess).
MOST_REPLIES = 3
OLDEST_REPLY = timedelta(minutes=10)
# First seen when it had been over for longer: history, no alert.
OLDEST_OVER = timedelta(days=1)
# The root of a thread that somebody deleted before its reference was known: nothing more is sent.
DELETED = ""

SHOWN_IN_CHANNEL = frozenset(
    {EventKind.WORSE, EventKind.RESOLVED, EventKind.REOPENED, EventKind.CONFIRMED}
)
MENTIONS = frozenset({EventKind.WORSE, EventKind.CONFIRMED})
ENDS = frozenset({EventKind.RESOLVED, EventKind.ENDED, EventKind.WITHDRAWN})


class Act(StrEnum):
    OPEN = "open"
    REPLY = "reply"
    CATCH_UP = "catch_up"  # one reply instead of many
    CORRECT = "correct"  # change the reply whose text the provider changed
    REVISE = "revise"  # change the root
    CLOSE = "close"
    NOTE = "note"  # nothing to send: remember only that it is dealt with
    REMIND = "remind"  # one message outside any thread


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

    @property
    def sends(self) -> bool:
        """Whether carrying it out again would be seen twice."""
        return self.act in {Act.OPEN, Act.REPLY, Act.CATCH_UP, Act.REMIND}


@dataclass(frozen=True, slots=True)
class Plan:
    """What brings one destination up to date about one subject, and why that is all."""

    steps: tuple[Step, ...]
    reason: Reason

    @property
    def sends(self) -> bool:
        return any(step.sends for step in self.steps)


def plan(
    incident: Incident,
    thread: ThreadRecord,
    subscription: Subscription | None,
    now: datetime,
    *,
    report_count: str = "",
    closes: bool = True,
) -> Plan:
    """Return the steps that bring the thread up to date, in order.

    `report_count` is the line of people's reports for the root; it is not followed after the end.
    `closes`: the platform closes threads that have ended.
    """
    if thread.root is None:
        return _open(incident, thread, subscription, now, report_count)
    if thread.root == DELETED:
        return Plan((), Reason.ROOT_DELETED)
    missed = [
        event
        for event in incident.events
        if event.revision > thread.joined and event.key not in thread.replies
    ]
    steps = _corrections(incident, thread, missed)
    steps += _replies(incident, subscription, missed, now)
    counted = incident.is_open and thread.report_count != report_count
    if thread.shown != incident.revision or counted:
        steps.append(_root(Act.REVISE, incident, thread.midway, report_count))
    if closes and not incident.is_open and (steps or not thread.closed):
        steps.append(Step(Act.CLOSE, incident.revision))
    return _planned(steps, subscription)


def apply(thread: ThreadRecord, step: Step, message: str = "") -> ThreadRecord:
    """Return the thread once `step` was carried out; `message` is what the messenger returned."""
    replies = {**thread.replies, **dict.fromkeys(step.covers, "")}
    match step.act:
        case Act.OPEN:
            return replace(
                thread,
                root=message,
                joined=step.since,
                shown=step.revision,
                midway=step.midway,
                report_count=step.report_count,
            )
        case Act.REMIND:
            return replace(thread, root=message)
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


# --- delivery keys: the name of a message for ever, on every platform -------------------------


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


def _open(
    incident: Incident,
    thread: ThreadRecord,
    subscription: Subscription | None,
    now: datetime,
    report_count: str,
) -> Plan:
    """The plan where no root stands yet. Lasting reasons against it come before passing ones."""
    over = incident.ended_at
    if subscription is None:
        return Plan((), Reason.NOT_SUBSCRIBED)
    if (mismatch := _mismatch(incident, subscription)) is not None:
        return Plan((), mismatch)
    asked_at = subscription.changed_at or subscription.created_at
    against = (
        (not incident.events, Reason.NOT_ANNOUNCED),
        (incident.withdrawn, Reason.WITHDRAWN),
        (incident.quiet or (over and now - over > OLDEST_OVER), Reason.LONG_OVER),
        (over and asked_at and over < asked_at, Reason.OVER_BEFORE_ASKED),
        (incident.events and thread.parked == incident.revision, Reason.PARKED),
        (subscription.is_muted(now), Reason.MUTED),
    )
    for holds, reason in against:
        if holds:
            return Plan((), reason)
    first, *more = incident.events
    midway = asked_at is not None and first.observed_at < asked_at
    # Nobody is called for what is only suspected; when the provider confirms it, they are.
    quiet = incident.maintenance or incident.notice or incident.origin is Origin.SUSPECTED
    # What came in the same poll as the opening follows in the thread, word for word, unless it is
    # old: then the root tells everything, as it does to those who join late.
    old = now - first.observed_at > OLDEST_REPLY
    later = any(event.observed_at != first.observed_at for event in more)
    root = _root(Act.OPEN, incident, midway, report_count)
    root = replace(
        root,
        mention=not (over or midway or quiet),
        since=incident.revision if midway or over or old or later else first.revision,
    )
    return _planned([root], subscription)


def _mismatch(incident: Incident, subscription: Subscription) -> Reason | None:
    """Why a subscription does not ask for an incident; None: it does."""
    if subscription.matches(incident):
        return None
    if incident.visibility and subscription.channel.owner not in incident.visibility:
        return Reason.OTHER_WORKSPACE
    if subscription.surfaces and not subscription.surfaces & set(incident.surfaces):
        return Reason.OTHER_SURFACES
    return Reason.BELOW_SEVERITY


def _root(act: Act, incident: Incident, midway: bool, report_count: str) -> Step:
    return Step(act, incident.revision, midway=midway, report_count=report_count)


def _planned(steps: list[Step], subscription: Subscription | None) -> Plan:
    if not steps:
        return Plan((), Reason.TOLD)
    paused = subscription is not None and subscription.paused is not None
    return Plan(tuple(steps), Reason.PAUSED if paused else Reason.DUE)


def _corrections(
    incident: Incident, thread: ThreadRecord, missed: Sequence[IncidentEvent]
) -> list[Step]:
    """Edits of the replies whose texts changed; other edits are in the root, or not told yet."""
    targets: dict[str | None, list[str]] = {}
    for event in missed:
        if event.kind is EventKind.CORRECTED:
            target = event.corrects if thread.replies.get(event.corrects or "") else None
            targets.setdefault(target, []).append(event.key)
    events = {event.key: event for event in incident.events}
    steps = []
    for target, covered in targets.items():
        reply = events.get(target or "")
        act = Act.CORRECT if reply else Act.NOTE
        steps.append(Step(act, incident.revision, event=reply, covers=tuple(covered)))
    return steps


def _replies(
    incident: Incident,
    subscription: Subscription | None,
    missed: Sequence[IncidentEvent],
    now: datetime,
) -> list[Step]:
    """The replies that are missing: one each, one for all, or the end alone."""
    events = [event for event in missed if event.kind is not EventKind.CORRECTED]
    if not events:
        return []
    if subscription is None or subscription.is_muted(now) or not subscription.matches(incident):
        return _end_only(incident, events)
    waited = now - min(event.observed_at for event in events)
    if len(events) > MOST_REPLIES or (len(events) > 1 and waited > OLDEST_REPLY):
        kinds = {event.kind for event in events}
        catch_up = Step(
            Act.CATCH_UP,
            incident.revision,
            events[-1],
            covers=tuple(event.key for event in events),
            in_channel=bool(kinds & (SHOWN_IN_CHANNEL - subscription.thread_only)),
            mention=bool(MENTIONS & kinds) and incident.is_open,
            since=events[0].revision - 1,
        )
        return [catch_up]
    steps = []
    for event in events:
        # What was seen together with the opening is in the root; and where another incident goes
        # on with this one, the channel has that one's root.
        handed_over = event.ending is Ending.HANDED_OVER
        fresh = event.observed_at != incident.events[0].observed_at and not handed_over
        fresh = fresh and not incident.notice
        shown = fresh and event.kind in SHOWN_IN_CHANNEL - subscription.thread_only
        calls = fresh and event.kind in MENTIONS
        steps.append(Step(Act.REPLY, incident.revision, event, in_channel=shown, mention=calls))
    return steps


def _end_only(incident: Incident, events: Sequence[IncidentEvent]) -> list[Step]:
    """The channel asks for no events (any more); what was announced there still gets its end."""
    end = next((one for one in reversed(events) if one.kind in ENDS), None)
    if end is None or (incident.is_open and not incident.withdrawn):
        return [Step(Act.NOTE, incident.revision, covers=tuple(one.key for one in events))]
    rest = tuple(one.key for one in events if one is not end)
    return [Step(Act.REPLY, incident.revision, end, covers=rest)]
