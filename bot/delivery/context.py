"""The context that attempts share, and the state of one subject while an attempt lasts."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.delivery.announcement import Announcement
from bot.delivery.blindness import BlindnessNews
from bot.delivery.board import board_news
from bot.delivery.cache import IncidentCache, MessageCache, TimedCache
from bot.delivery.digests import DigestNews
from bot.delivery.escalation import ESCALATE, UntakenNews
from bot.delivery.people_lines import ReportLines
from bot.delivery.plan import plan
from bot.delivery.platform_health import PlatformHealth
from bot.delivery.queue import Claim, PendingThread, Queue, RateLimiter, ThreadUpdate
from bot.delivery.quiet_end import QUIET, GoingOn, QuietEnd, QuietEndNews, summary_of, told_in
from bot.delivery.reminders import ReminderNews, is_over
from bot.delivery.steps import DELETED, Act, Plan, Step
from bot.delivery.switch_lines import SwitchLines
from bot.domain.blindness import BLIND
from bot.domain.board import BOARD
from bot.domain.digest import DIGEST, DigestDue
from bot.domain.incident import Incident
from bot.domain.quiet import Period
from bot.domain.subscription import Channel, Reason, Reminder, Subscription, ThreadRecord
from bot.messenger import Messenger
from bot.ports import Clock, Takers
from bot.status.digest import Digest
from bot.status.view import StatusView


async def no_failpoint(_: str) -> None:
    """Tests crash at these points; nobody else does."""


@dataclass(slots=True)
class DeliveryCounts:
    """Counts of a worker since it was started, for logs and metrics."""

    opened: int = 0
    replied: int = 0
    revised: int = 0
    reminded: int = 0
    noticed: int = 0  # messages outside threads, but for reminders
    adopted: int = 0  # sent before, recorded only now
    searched: int = 0
    failed: int = 0
    parked: int = 0
    refused: int = 0  # by a limit of the platform


@dataclass(slots=True)
class DeliveryContext:
    """The context of every attempt of one platform."""

    messenger: Messenger
    queue: Queue
    rate_limiter: RateLimiter
    incidents: IncidentCache
    messages: MessageCache
    clock: Clock
    rng: random.Random
    health: PlatformHealth
    report_lines: ReportLines | None = None  # None: nobody can report anything
    switch_lines: SwitchLines | None = None  # None: nobody can say what they use instead
    views: TimedCache[StatusView] | None = None  # None: nothing is known to be back, no boards
    send_seconds: float = 10.0  # how long one call may take (guess)
    time_scale: float = 1.0  # waits after failures are divided by it, for tests
    failpoint: Callable[[str], Awaitable[None]] = no_failpoint
    counts: DeliveryCounts = field(default_factory=DeliveryCounts)
    stopping: bool = False
    # The catalogue with what pages call their parts that are known by their URL alone; None: there
    # is no such page.
    learn: Callable[[], Awaitable[Catalog]] | None = None
    takers: Takers | None = None  # None: nobody can take an incident
    # What a channel's digest of a period tells; None: nobody gathers it.
    digest_for: Callable[[Subscription, Period], Awaitable[Digest]] | None = None
    # Not before this moment (monotonic) may another message go to a channel.
    next_send_at: dict[Channel, float] = field(default_factory=dict)

    async def task_of(self, claim: Claim, pending: PendingThread) -> SubjectTask:
        """Return the task for one subject of a claim, with what its plan needs.

        Raises:
            StoreError: the store did not answer.
        """
        task = SubjectTask(pending, None, claim.subscription, pending.thread)
        task.closes = self.messenger.closes_threads
        if self.learn is not None:
            self.messages.catalog = await self.learn()
            if self.report_lines is not None:
                self.report_lines.catalog = self.messages.catalog
        if "/" not in pending.subject or pending.subject.startswith((BLIND, ESCALATE)):
            task.subject = await self._announcement(claim, pending)
            return task
        task.subject = incident = await self.incidents.get(pending)
        if incident is not None and pending.thread.root is None:
            summary = summary_of(incident, claim.subscription)
            record = await self.queue.thread(claim.channel, summary) if summary else None
            task.told_in_summary = told_in(record, incident)
        if incident is not None and incident.is_open and self.report_lines is not None:
            # Where the root shows a count, or nothing else can have made the channel stale, the
            # count is read anew; else one that is some seconds old saves a call a channel.
            thread = pending.thread
            exact = thread.root is not None and (
                thread.shown == incident.revision or bool(thread.report_count)
            )
            task.report_count = await self.report_lines.line(claim.channel, incident, exact=exact)
        return task

    async def _announcement(self, claim: Claim, pending: PendingThread) -> Announcement | None:
        """Return what is told outside threads; None: it is not known (any more)."""
        if pending.reminder is not None:
            view = await self.views.get() if self.views else None
            return ReminderNews(pending.reminder, view.verdict if view else lambda _: None)
        if pending.subject == BOARD and self.views is not None:
            pins = self.messenger.pins is not None
            return await board_news(claim, pending, self.views, self.queue, pins=pins)
        subscription = claim.subscription
        if pending.subject.startswith(DIGEST) and subscription and self.digest_for:
            due = DigestDue(Period.read(pending.subject))
            return DigestNews(due, await self.digest_for(subscription, due.period))
        return await self._of_incidents(claim, pending)

    async def _of_incidents(self, claim: Claim, pending: PendingThread) -> Announcement | None:
        if pending.subject.startswith(BLIND):
            blindness = await self.incidents.blindness(pending)
            return BlindnessNews(blindness) if blindness else None
        if pending.subject.startswith(ESCALATE):
            key = pending.subject.removeprefix(ESCALATE)
            incident = await self.incidents.named(key)
            root = await self.queue.thread(claim.channel, key)
            takers = await self.takers.of_incident(key) if self.takers else {}
            taken = claim.channel.owner in takers
            return UntakenNews(incident, root, taken=taken) if incident else None
        if pending.subject.startswith(QUIET):
            incidents, blind = await self.incidents.going_on()
            threads = [await self.queue.thread(claim.channel, one.key) for one in incidents]
            stands = (thread or ThreadRecord() for thread in threads)
            known = GoingOn(tuple(zip(incidents, stands, strict=True)), tuple(blind))
            return QuietEndNews(QuietEnd(Period.read(pending.subject)), known)
        return None


class NotNowError(Exception):
    """The rest is for later: a limit named a time (`at`), or the channel needs a pause."""

    def __init__(self, *, at: float | None = None, delay: float = 0.0) -> None:
        super().__init__()
        self.at = at
        self.delay = delay


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
