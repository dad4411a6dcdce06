"""What a channel is told when its quiet hours end: what still goes on, in one message. Pure.

During quiet hours `plan` puts everything off. When they end, what had a thread before goes on in
it, and what came in them and still goes on is summed up here; it gets a thread with its next news.
What is summed up is recorded before it is sent: an incident knows by that record whether it was
told, whatever crashes, and an event that is stored too late for the summary is told by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.delivery.announcement import Announcement, DueStep
from bot.delivery.plan import plan
from bot.delivery.steps import Act, Plan, Step
from bot.domain.blindness import Blindness
from bot.domain.incident import EventKind, Incident, Origin
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.quiet import Period
from bot.domain.subscription import Reason, Subscription, ThreadRecord

QUIET = "quiet:"  # how its key begins


@dataclass(frozen=True, slots=True)
class QuietEnd:
    """The end of a channel's quiet hours, as a subject."""

    period: Period

    @property
    def key(self) -> str:
        return self.period.named(QUIET)

    @property
    def version(self) -> str:
        return "1:over"

    @property
    def severity(self) -> Severity:
        """Sooner than updates, later than what is worse and begins now."""
        return Severity.DEGRADED


@dataclass(frozen=True, slots=True)
class GoingOn:
    """What there may be to say: open incidents with what stands of each, and pages unseen."""

    incidents: tuple[tuple[Incident, ThreadRecord], ...] = ()
    blind: tuple[Blindness, ...] = ()


class QuietEndNews(Announcement):
    """The end of quiet hours, with what goes on."""

    subject: QuietEnd
    better_twice = True  # nothing else tells of what it tells

    def __init__(self, quiet_end: QuietEnd, known: GoingOn) -> None:
        self.subject = quiet_end
        self.begun_at = self.known_at = quiet_end.period.end
        self._known = known

    def plan(self, thread: ThreadRecord, subscription: Subscription | None, now: datetime) -> Plan:
        """Return the one message, if something still matters and it is not quiet once more."""
        if thread.root is not None:
            return Plan((), Reason.TOLD)
        if subscription is None or subscription.quiet is None:
            return Plan((), Reason.NOT_SUBSCRIBED)
        if subscription.quiet.period_at(now):
            return Plan((), Reason.QUIET)
        if subscription.is_muted(now):
            return Plan((), Reason.MUTED)
        incidents, blind = self.matters(thread, subscription, now)
        if not incidents and not blind:
            return Plan((), Reason.NOTHING_LEFT)
        calls = any(
            one.severity.is_impaired and not one.notice and subscription.calls(one.severity)
            for one in incidents
            if one.origin is not Origin.SUSPECTED
        )
        said = tuple(summed_up_as(incident) for incident in incidents)
        steps = (Step(Act.RECORD, 1, covers=said), Step(Act.SAY, 1, mention=calls))
        return Plan(steps[bool(thread.replies) :], Reason.DUE)

    def message(self, due: DueStep) -> Message:
        if due.subscription is None:
            raise TypeError("nobody asked for quiet hours")
        matters = self.matters(due.thread, due.subscription, due.now)
        return due.messages.of_quiet_end(*matters, due.now)

    def matters(
        self, thread: ThreadRecord, subscription: Subscription, now: datetime
    ) -> tuple[list[Incident], list[Blindness]]:
        """Return what the channel was not told because it was quiet, and what goes on of it.

        Once recorded it can only become less: what has ended, or was told by itself meanwhile.
        """
        period = self.subject.period
        incidents = [
            incident
            for incident, stands in self._known.incidents
            if incident.is_open and _was_put_off(incident, stands, subscription, period, now)
            if not thread.replies or summed_up_as(incident) in thread.replies
        ]
        blind = [
            one
            for one in self._known.blind
            if one.ended_at is None and one.noticed_at in period
            if subscription.matches_blindness(one)
        ]
        return incidents, blind


def summed_up_as(incident: Incident) -> str:
    """Return how the record of a summary names an incident that is told in it."""
    return f"{incident.key}@{incident.revision}"


def summary_of(incident: Incident, subscription: Subscription | None) -> str | None:
    """Return the key of the summary in whose quiet hours the last event of an incident came."""
    if subscription is None or not incident.events:
        return None
    period = subscription.quiet_at(incident.events[-1].observed_at, incident)
    return QuietEnd(period).key if period else None


def told_in(record: ThreadRecord | None, incident: Incident) -> bool | None:
    """Return whether a summary leaves nothing to tell of an incident; None: it is still to come.

    What began and ended in quiet hours is not told, unless it was summed up as going on.
    """
    if record is None:
        return None
    ever = any(name.startswith(f"{incident.key}@") for name in record.replies)
    return summed_up_as(incident) in record.replies or not (incident.is_open or ever)


def _was_put_off(
    incident: Incident,
    thread: ThreadRecord,
    subscription: Subscription,
    period: Period,
    now: datetime,
) -> bool:
    if thread.root is None:
        summed_up = plan(incident, thread, subscription, now).reason is Reason.SUMMED_UP
        return summed_up and incident.events[-1].observed_at in period
    wanted = subscription.matches(incident) and not subscription.is_muted(now, incident)
    return wanted and any(
        event.revision > thread.joined
        and event.kind is not EventKind.CORRECTED
        and event.observed_at in period
        and subscription.quiet_at(event.observed_at, incident) is not None
        for event in incident.events
    )
