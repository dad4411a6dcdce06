"""What tests of delivery share: incidents by the line, and a bot without watcher or commands."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha1

from adapters.redis.evidence import RedisReports
from adapters.redis.scripts import Script
from adapters.redis.store import Store, open_store
from bot.catalog.catalog import Catalog, only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.blindness import BlindnessFanOut
from bot.delivery.board import BoardFanOut
from bot.delivery.cache import IncidentCache, MessageCache, TimedCache
from bot.delivery.context import DeliveryContext, no_failpoint
from bot.delivery.escalation import EscalationFanOut
from bot.delivery.fanout import FanOut, ReminderFanOut
from bot.delivery.people_lines import ReportLines
from bot.delivery.platform_health import PlatformHealth
from bot.delivery.schedule import ScheduleFanOut
from bot.delivery.steps import Step
from bot.delivery.worker import Worker
from bot.domain.blindness import Blindness
from bot.domain.incident import Ending, EventKind, Impact, Incident, IncidentEvent, Origin
from bot.domain.message import Line, Message
from bot.domain.page import Severity
from bot.domain.quiet import Period
from bot.domain.state import State
from bot.domain.subscription import Channel, Reminder, Subscription
from bot.messenger import Messenger
from bot.status.digest import Digest
from bot.status.view import StatusView

ENDS = {EventKind.RESOLVED, EventKind.WITHDRAWN, EventKind.OVER, EventKind.ENDED}
BACK = {EventKind.REOPENED}
CLAUDE = only(load_catalog(), ["claude"])


def utc_now() -> datetime:
    return datetime.now(UTC)


def incident(
    *kinds: EventKind,
    provider: str = "claude",
    id_: str = "x1",
    at: datetime | None = None,
    severity: Severity = Severity.MAJOR,
) -> Incident:
    """An incident of the API with this news, all of it observed at `at` (default: now)."""
    start = at or utc_now()
    empty = Incident(
        provider,
        id_,
        "API errors",
        "investigating",
        Origin.PROVIDER,
        start,
        severity,
        severity,
        surfaces={"api": Impact(severity, severity)},
    )
    return more(empty, *kinds, at=start)


def more(before: Incident, *kinds: EventKind, at: datetime | None = None) -> Incident:
    """Return the incident with this news added."""
    now = at or utc_now()
    after = before
    for kind in kinds:
        number = after.revision + 1
        earlier = [n.key for n in after.events if n.kind is not EventKind.CORRECTED]
        corrects = earlier[-1] if kind is EventKind.CORRECTED and earlier else None
        event = IncidentEvent(
            number,
            kind,
            f"u{number}",
            now,
            now,
            after.severity,
            kind.value,
            f"text {number}",
            corrects=corrects,
        )
        ended = now if kind in ENDS else None if kind in BACK else after.ended_at
        ending = Ending.WITHDRAWN if kind is EventKind.WITHDRAWN else after.ending
        after = replace(after, events=(*after.events, event), ended_at=ended, ending=ending)
    return after


class NamedMessages(MessageCache):
    """Messages that say only what they are of, so that a test can read what a channel was told."""

    def __init__(self) -> None:
        super().__init__(Catalog())

    def of(
        self,
        step: Step,
        incident: Incident,
        now: datetime,
        *,
        plainly: bool = False,
        switch: Line = (),
    ) -> Message:
        del now, switch
        return Message(title_of(step, incident), "plain" if plainly else "card")

    def of_blindness(self, step: Step, blindness: Blindness, now: datetime) -> Message:
        del blindness, now
        return Message("can see again" if step.part else "cannot see", "blindness")

    def of_quiet_end(
        self, incidents: Sequence[Incident], blind: Sequence[Blindness], now: datetime
    ) -> Message:
        del blind, now
        return Message(f"goes on: {' '.join(sorted(i.key for i in incidents))}", "quiet end")

    def of_untaken(self, incident: Incident, since: datetime, now: datetime) -> Message:
        del since, now
        return Message(f"untaken {incident.key}", "untaken")

    def of_digest(self, digest: Digest, now: datetime) -> Message:
        del now
        return Message(f"digest: {' '.join(i.key for i in digest.incidents)}", "digest")

    def of_reminder(self, reminder: Reminder, now: datetime) -> Message:
        del now
        return Message(f"back: {' '.join(reminder.surfaces)}", "reminder")


def title_of(step: Step, incident: Incident) -> str:
    if step.event is None:
        count = f" ({step.report_count})" if step.report_count else ""
        return f"root {incident.key}{count} r{incident.revision}"
    return f"{step.act.value} {step.event.key} r{incident.revision}"


async def nothing_known() -> StatusView:
    return StatusView(utc_now(), Catalog(), ())


@dataclass
class Bot:
    """A running worker and fan-out, as one process has them."""

    store: Store
    worker: Worker
    fanout: FanOut
    context: DeliveryContext
    reminders: ReminderFanOut
    blindness: BlindnessFanOut
    schedule: ScheduleFanOut
    escalation: EscalationFanOut
    boards: BoardFanOut
    reports: RedisReports
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    dead: bool = False

    async def freeze(self) -> None:
        """End it as a crash would: nothing is finished, nothing is given back."""
        self.dead = True
        everything = [*self.tasks, *self.worker.attempts]
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)


@contextlib.asynccontextmanager
async def running_bot(
    url: str,
    messenger: Messenger,
    *,
    provider: str = "claude",
    lease: float = 1.5,
    send_seconds: float = 0.5,
    failpoint: Callable[[str], Awaitable[None]] = no_failpoint,
    seed: int = 1,
    slots: int = 64,
    reading: bool = True,
    clock: Callable[[], datetime] = utc_now,
    view: Callable[[], Awaitable[StatusView]] = nothing_known,
    messages: MessageCache | None = None,
) -> AsyncIterator[Bot]:
    """Run fan-out and worker; leaving it is a clean stop.

    `reading` False: events are read, and reminders looked at, only when the test says so.
    """
    workers: list[Worker] = []

    def queued() -> None:
        for one in workers:
            one.wake()

    async with open_store(url, queued=queued, lease=lease, failpoint=failpoint) as store:
        incidents = IncidentCache(store.incident_store, [provider])
        reports = RedisReports(store.database, b"s")
        context = DeliveryContext(
            messenger,
            store.queue,
            store.rate_limiter,
            incidents,
            messages or NamedMessages(),
            clock,
            random.Random(seed),
            PlatformHealth(time.monotonic),
            report_lines=ReportLines(reports, CLAUDE, clock, 0.0, store.takers),
            takers=store.takers,
            views=TimedCache(view, 0.0),
            send_seconds=send_seconds,
            time_scale=20.0,
            failpoint=failpoint,
        )

        async def digest_for(subscription: Subscription, period: Period) -> Digest:
            known = await store.incident_store.history(provider, period.start)
            return Digest(period, tuple(i for i in known if subscription.matches(i)))

        context.digest_for = digest_for
        worker = Worker(context, slots=slots)
        workers.append(worker)
        fanout = FanOut(
            provider, store.incident_store, store.stream, incidents, clock, store.takers
        )
        reminders = ReminderFanOut(store.reminders, store.queue, view, clock, interval=0.1)
        blindness = BlindnessFanOut(
            [provider], store.incident_store, store.stream, clock, interval=0.1
        )
        escalation = EscalationFanOut(
            [provider], store.incident_store, store.stream, clock, interval=0.1
        )
        schedule = ScheduleFanOut(
            store.timetable,
            store.subscriptions,
            store.incident_store,
            store.queue,
            [provider],
            clock,
            interval=0.1,
        )
        boards = BoardFanOut(TimedCache(view, 0.0), store.stream, interval=0.1)
        bot = Bot(
            store,
            worker,
            fanout,
            context,
            reminders,
            blindness,
            schedule,
            escalation,
            boards,
            reports,
        )
        bot.tasks = [asyncio.create_task(worker.run())]
        if reading:
            loops = (
                fanout.run(),
                reminders.run(),
                blindness.run(),
                schedule.run(),
                escalation.run(),
                boards.run(),
            )
            bot.tasks += [asyncio.create_task(one) for one in loops]
        try:
            yield bot
        finally:
            if not bot.dead:
                await worker.stop(send_seconds)
            for task in bot.tasks:
                task.cancel()
            await asyncio.gather(*bot.tasks, return_exceptions=True)


async def commit(store: Store, *incidents: Incident, blindness: Blindness | None = None) -> None:
    """Commit these incidents, and a blindness, as the watcher would."""
    provider = incidents[0].provider
    fence = await store.incident_store.acquire(provider, "test")
    assert fence is not None
    stored = await store.incident_store.load(provider)
    began = utc_now() - timedelta(days=30)
    state = stored.state or State(provider, began, began)
    kept = {**state.incidents, **{one.id: one for one in incidents}}
    await store.incident_store.commit(
        provider,
        fence=fence,
        version=stored.version,
        state=replace(state, incidents=kept, blindness=blindness or state.blindness),
        changed=incidents,
    )


async def subscribe(store: Store, *channels: Channel) -> None:
    for channel in channels:
        await store.subscriptions.put(Subscription(channel))


def channels(count: int, platform: str = "chat", tenant: str = "T1") -> Sequence[Channel]:
    return [Channel(platform, tenant, f"C{number}") for number in range(count)]


async def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return when it is true; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


async def settled(store: Store, platform: str = "chat", seconds: float = 60.0) -> None:
    """Wait until no channel of a platform is stale, or being served."""
    async with asyncio.timeout(seconds):
        while await left(store, platform):  # noqa: ASYNC110 (it happens in Redis)
            await asyncio.sleep(0.02)


async def left(store: Store, platform: str = "chat") -> int:
    """How many channels are stale, or being served."""
    calls = [(base, ()) for base in store.database.shards.of_platform(platform)]
    counts = await store.database.run_many(COUNT_LEFT, calls)
    for count in counts:
        if isinstance(count, BaseException):
            raise count
    return sum(counts)


_COUNT = (
    "return redis.call('ZCARD', KEYS[1] .. ':ready') + redis.call('ZCARD', KEYS[1] .. ':later')"
)
COUNT_LEFT = Script("left", _COUNT, sha1(_COUNT.encode()).hexdigest())
