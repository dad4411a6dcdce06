"""Plans of what is missing in one channel's thread of one incident. Pure.

`plan` compares what stands there (`ThreadRecord`) with what is true (`Incident`) and with what the
channel asks for (`Subscription`), and says why that is all. The worker carries the steps out;
`replay` and `why` only show them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.delivery.steps import DELETED, Act, Plan, Step
from bot.domain.incident import Ending, EventKind, Incident, IncidentEvent, Origin
from bot.domain.subscription import Reason, Subscription, ThreadRecord

# A channel that missed more than this gets the present truth instead of a replay (guess).
MOST_REPLIES = 3
OLDEST_REPLY = timedelta(minutes=10)
# First seen when it had been over for longer: history, no alert.
OLDEST_OVER = timedelta(days=1)

SHOWN_IN_CHANNEL = frozenset(
    {EventKind.WORSE, EventKind.RESOLVED, EventKind.REOPENED, EventKind.CONFIRMED}
)
MENTIONS = frozenset({EventKind.WORSE, EventKind.CONFIRMED})
ENDS = frozenset({EventKind.RESOLVED, EventKind.ENDED, EventKind.WITHDRAWN})


def plan(
    incident: Incident,
    thread: ThreadRecord,
    subscription: Subscription | None,
    now: datetime,
    *,
    report_count: str = "",
    closes: bool = True,
    told_in_summary: bool | None = None,
) -> Plan:
    """Return the steps that bring the thread up to date, in order.

    `report_count` is the line of people's reports for the root; it is not followed after the end.
    `closes`: the platform closes threads that have ended. `told_in_summary`: whether the message at
    the end of the quiet hours in which its last event came told of it; None: that is still to come.
    """
    if thread.root is None:
        return _open(incident, thread, subscription, now, report_count, told_in_summary)
    if thread.root == DELETED:
        return Plan((), Reason.ROOT_DELETED)
    missed = [
        event
        for event in incident.events
        if event.revision > thread.joined and event.key not in thread.replies
    ]
    steps = _corrections(incident, thread, missed)
    steps += _replies(incident, subscription, missed, now)
    put_off = missed and subscription and subscription.quiet_at(now, incident)
    counted = incident.is_open and thread.report_count != report_count
    if thread.shown != incident.revision or counted:
        revision = incident.revision
        root = Step(Act.REVISE, revision, midway=thread.midway, report_count=report_count)
        steps.append(root)
    if closes and not incident.is_open and not put_off and (steps or not thread.closed):
        steps.append(Step(Act.CLOSE, incident.revision))
    if put_off and not steps:
        return Plan((), Reason.QUIET)
    return _planned(steps, subscription)


def _open(
    incident: Incident,
    thread: ThreadRecord,
    subscription: Subscription | None,
    now: datetime,
    report_count: str,
    told_in_summary: bool | None,
) -> Plan:
    """The plan where no root stands yet. Lasting reasons against it come before passing ones."""
    over = incident.ended_at
    if subscription is None:
        return Plan((), Reason.NOT_SUBSCRIBED)
    if (mismatch := subscription.mismatch(incident)) is not None:
        return Plan((), mismatch)
    asked_at = subscription.changed_at or subscription.created_at
    against = (
        (not incident.events, Reason.NOT_ANNOUNCED),
        (incident.withdrawn, Reason.WITHDRAWN),
        (incident.quiet or (over and now - over > OLDEST_OVER), Reason.LONG_OVER),
        (over and asked_at and over < asked_at, Reason.OVER_BEFORE_ASKED),
        (incident.events and thread.parked == incident.revision, Reason.PARKED),
        (subscription.is_muted(now, incident), Reason.MUTED),
        (subscription.quiet_at(now, incident), Reason.QUIET),
        # What comes in quiet hours is told at their end, together with all else that goes on then.
        (
            told_in_summary is not False
            and incident.events
            and subscription.quiet_at(incident.events[-1].observed_at, incident),
            Reason.SUMMED_UP,
        ),
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
    root = Step(
        Act.OPEN,
        incident.revision,
        midway=midway,
        report_count=report_count,
        mention=not (over or midway or quiet) and subscription.calls(incident.severity),
        since=incident.revision if midway or over or old or later else first.revision,
    )
    return _planned([root], subscription)


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
    if subscription is not None and subscription.quiet_at(now, incident):
        return []  # until the quiet hours end
    if (
        subscription is None
        or subscription.is_muted(now, incident)
        or not subscription.matches(incident)
    ):
        return _end_only(incident, events)
    # What came in quiet hours is told in the thread alone: for the channel it is summed up.
    loud = [one for one in events if not subscription.quiet_at(one.observed_at, incident)]
    waited = now - min(event.observed_at for event in events)
    if len(events) > MOST_REPLIES or (len(events) > 1 and waited > OLDEST_REPLY):
        kinds = {event.kind for event in loud}
        catch_up = Step(
            Act.CATCH_UP,
            incident.revision,
            events[-1],
            covers=tuple(event.key for event in events),
            in_channel=bool(kinds & (SHOWN_IN_CHANNEL - subscription.thread_only)),
            mention=bool(MENTIONS & kinds)
            and incident.is_open
            and subscription.calls(incident.severity),
            since=events[0].revision - 1,
        )
        return [catch_up]
    steps = []
    for event in events:
        # What was seen together with the opening is in the root; and where another incident goes
        # on with this one, the channel has that one's root.
        handed_over = event.ending is Ending.HANDED_OVER
        fresh = event.observed_at != incident.events[0].observed_at and not handed_over
        fresh = fresh and not incident.notice and event in loud
        shown = fresh and event.kind in SHOWN_IN_CHANNEL - subscription.thread_only
        calls = fresh and event.kind in MENTIONS and subscription.calls(event.severity)
        steps.append(Step(Act.REPLY, incident.revision, event, in_channel=shown, mention=calls))
    return steps


def _end_only(incident: Incident, events: Sequence[IncidentEvent]) -> list[Step]:
    """The channel asks for no events (any more); what was announced there still gets its end."""
    end = next((one for one in reversed(events) if one.kind in ENDS), None)
    if end is None or (incident.is_open and not incident.withdrawn):
        return [Step(Act.NOTE, incident.revision, covers=tuple(one.key for one in events))]
    rest = tuple(one.key for one in events if one is not end)
    return [Step(Act.REPLY, incident.revision, end, covers=rest)]
