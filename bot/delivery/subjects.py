"""Subjects of a claim: what a key in the queue stands for, and the state of each in an attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.delivery import escalation, quiet_end
from bot.delivery.announcement import Announcement
from bot.delivery.blindness import BlindnessNews
from bot.delivery.board import board_news
from bot.delivery.context import DeliveryContext
from bot.delivery.digests import DigestNews
from bot.delivery.escalation import UntakenNews
from bot.delivery.plan import plan
from bot.delivery.queue import Claim, PendingThread, ThreadUpdate
from bot.delivery.quiet_end import GoingOn, QuietEnd, QuietEndNews, summary_of, told_in
from bot.delivery.reminders import ReminderNews, is_over
from bot.delivery.steps import DELETED, Act, Plan, Step
from bot.domain import blindness, board, digest
from bot.domain.digest import DigestDue
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.domain.quiet import Period
from bot.domain.subscription import Channel, Reason, Reminder, Subscription, ThreadRecord


@dataclass(slots=True)
class SubjectTask:
    """One subject that the destination is stale about."""

    pending: PendingThread
    # None: it is not known (any more), nothing to do.
    subject: Incident | Announcement | None
    subscription: Subscription | None
    thread: ThreadRecord
    closes: bool = True  # the platform closes threads
    report_count: str = ""
    told_in_summary: bool | None = None  # of an incident whose last event came in quiet hours
    reason: Reason = Reason.DUE
    settled: bool = False

    def plan(self, now: datetime) -> Plan:
        """Return what is missing at this moment."""
        match self.subject:
            case Incident():
                found = plan(
                    self.subject,
                    self.thread,
                    self.subscription,
                    now,
                    report_count=self.report_count,
                    closes=self.closes,
                    told_in_summary=self.told_in_summary,
                )
            case Announcement():
                found = self.subject.plan(self.thread, self.subscription, now)
            case None:
                found = Plan((), Reason.TOLD)
        self.reason = found.reason
        return found

    def give_up(self, now: datetime) -> None:
        """Its destination is gone: nothing is told there any more, and a reminder is forgotten."""
        self.thread, self.settled = replace(self.thread, root=DELETED), True
        self.plan(now)

    def is_told_by(self, steps: Sequence[Step]) -> bool:
        """Tell whether nothing can be missing after these: a root that shows all of what goes on.

        Planning anew would find that out as well, at a tenth of what a message costs us.
        """
        return (
            len(steps) == 1
            and steps[0].act is Act.OPEN
            and steps[0].since == steps[0].revision
            and isinstance(self.subject, Incident)
            and self.subject.is_open
        )

    @property
    def is_urgent(self) -> bool:
        """Whether it goes before all else: a major outage that goes on."""
        return isinstance(self.subject, Incident) and self.subject.severity is Severity.MAJOR

    @property
    def is_new(self) -> bool:
        return self.settled or self.thread is not self.pending.thread

    @property
    def update(self) -> ThreadUpdate:
        subject = self.subject.subject if isinstance(self.subject, Announcement) else self.subject
        version = subject.version if self.settled and subject else ""
        if self.thread.report_count and isinstance(self.subject, Incident) and self.subject.is_open:
            version = ""  # the people's reports expire: every sweep looks again
        if isinstance(self.subject, Announcement) and not self.subject.is_final(self.reason):
            version = ""
        forget = isinstance(subject, Reminder) and self.settled and is_over(self.reason)
        return ThreadUpdate(self.pending, self.thread, version, self.settled, forget)


async def task_of(context: DeliveryContext, claim: Claim, pending: PendingThread) -> SubjectTask:
    """Return the task for one subject of a claim, with what its plan needs.

    Raises:
        StoreError: the store did not answer.
    """
    task = SubjectTask(pending, None, claim.subscription, pending.thread)
    task.closes = context.messenger.closes_threads
    if context.learn is not None:
        context.messages.catalog = await context.learn()
        if context.report_lines is not None:
            context.report_lines.catalog = context.messages.catalog
    told_outside = (blindness.BLIND, escalation.ESCALATE)
    if "/" not in pending.subject or pending.subject.startswith(told_outside):
        task.subject = await announcement_of(context, claim, pending)
        return task
    task.subject = incident = await context.incidents.get(pending)
    if incident is not None and pending.thread.root is None:
        summary = summary_of(incident, claim.subscription)
        record = await context.queue.thread(claim.channel, summary) if summary else None
        task.told_in_summary = told_in(record, incident)
    if incident is not None and incident.is_open and context.report_lines is not None:
        # Where the root shows a count, or nothing else can have made the channel stale, the
        # count is read anew; else one that is some seconds old saves a call a channel.
        thread = pending.thread
        exact = thread.root is not None and (
            thread.shown == incident.revision or bool(thread.report_count)
        )
        task.report_count = await context.report_lines.line(claim.channel, incident, exact=exact)
    return task


async def announcement_of(
    context: DeliveryContext, claim: Claim, pending: PendingThread
) -> Announcement | None:
    """Return what is told outside threads; None: it is not known (any more)."""
    kind, colon, rest = pending.subject.partition(":")
    found: Announcement | None = None
    match kind + colon:
        case "reminder:" if pending.reminder is not None:
            view = await context.views.get() if context.views else None
            found = ReminderNews(pending.reminder, view.verdict if view else lambda _: None)
        case board.BOARD if context.views is not None:
            pins = context.messenger.pins is not None
            found = await board_news(claim, pending, context.views, context.queue, pins=pins)
        case digest.DIGEST if claim.subscription is not None and context.digest_for is not None:
            due = DigestDue(Period.read(pending.subject))
            found = DigestNews(due, await context.digest_for(claim.subscription, due.period))
        case blindness.BLIND:
            blind = await context.incidents.blindness(pending)
            found = BlindnessNews(blind) if blind else None
        case escalation.ESCALATE:
            found = await untaken_of(context, claim.channel, incident=rest)
        case quiet_end.QUIET:
            found = await quiet_end_of(context, claim.channel, Period.read(pending.subject))
    return found


async def untaken_of(
    context: DeliveryContext, channel: Channel, incident: str
) -> UntakenNews | None:
    """Return an incident (key) with whether somebody has taken it; None: it is not known."""
    known = await context.incidents.named(incident)
    root = await context.queue.thread(channel, incident)
    takers = await context.takers.of_incident(incident) if context.takers else {}
    return UntakenNews(known, root, taken=channel.owner in takers) if known else None


async def quiet_end_of(context: DeliveryContext, channel: Channel, period: Period) -> QuietEndNews:
    """Return the end of quiet hours with what goes on then, and what stands of it there."""
    incidents, blind = await context.incidents.going_on()
    threads = [await context.queue.thread(channel, one.key) for one in incidents]
    stands = (thread or ThreadRecord() for thread in threads)
    known = GoingOn(tuple(zip(incidents, stands, strict=True)), tuple(blind))
    return QuietEndNews(QuietEnd(period), known)
