"""The composition root: who is made of what, and in which order things open and close.

The only place, with `cli`, that knows adapters and libraries of the outside. What only some
need (a prompt, a platform) is imported where it is opened.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from adapters.chat.platform import OpenPlatform, PageAddress, Parts
from adapters.heartbeat import open_heartbeat
from adapters.platforms import PLATFORMS
from adapters.probes.opened import open_prober
from adapters.providers.opened import page_sources
from adapters.redis.evidence import evidence_stores
from adapters.redis.incidents import RedisBackfillStore
from adapters.redis.store import Store, open_stores_of
from adapters.terminal.messenger import CONSOLE
from bot.catalog.providers import POLL_SECONDS
from bot.catalog.watched import watched_catalog
from bot.clock import utc_now
from bot.commands import Commands, Services
from bot.delivery.blindness import BlindnessFanOut
from bot.delivery.cache import IncidentCache, MessageCache, ReportLines, TimedCache
from bot.delivery.context import DeliveryContext
from bot.delivery.fanout import FanOut, ReminderFanOut
from bot.delivery.platform_health import Announce, PlatformHealth
from bot.delivery.worker import Worker
from bot.domain.errors import DeliveryError, SettingsError
from bot.domain.incident import Incident
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.evidence.collector import Collector
from bot.evidence.stores import EvidenceStores
from bot.loops.watcher import Watcher
from bot.ports import Messenger
from bot.settings import Settings
from bot.status.service import StatusService
from bot.status.snapshot import FRESH_FOR, SharedSnapshot

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

log = structlog.get_logger()


@dataclass(slots=True)
class Bell:
    """Something happened: whoever hears it looks at once instead of a second later."""

    hearers: list[Callable[[], None]] = field(default_factory=list)

    def ring(self) -> None:
        for hear in self.hearers:
            hear()


# --- run -------------------------------------------------------------------------------------

# Calls in flight may take so long at the end; what is left goes on at the next start.
PATIENCE = 10.0
# Seconds: reports that come together make one change of a root (guess).
COUNTED_TOGETHER = 5.0


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Watch, deliver and answer until `stop` is set, then end in order."""
    catalog = watched_catalog(settings)
    queued, written = Bell(), Bell()
    watchers: list[Watcher] = []
    platform_health = PlatformHealth(time.monotonic, {row.name: row.label for row in PLATFORMS})
    messengers: dict[str, Messenger] = {}  # filled once the platforms are open

    def leads() -> bool:
        """Of all replicas one watches; that one also probes."""
        return any(watcher.leads for watcher in watchers)

    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(
            open_stores_of(settings, catalog.providers, queued.ring)
        )
        store = stores.loops
        pages = await stack.enter_async_context(
            page_sources(catalog, utc_now, settings.poll_seconds)
        )
        sources = evidence_stores(store.database, settings.secret_key, written.ring)
        collector = Collector(sources, catalog)
        snapshot = SharedSnapshot(store.incident_store, collector, utc_now, FRESH_FOR)
        written.hearers.append(snapshot.expire)
        # What people ask runs over connections of its own.
        asked = evidence_stores(stores.people.database, settings.secret_key, written.ring)
        past = RedisBackfillStore(stores.people.database)
        status = StatusService(catalog, stores.people.incident_store, snapshot, utc_now, past)
        incidents = IncidentCache(store.incident_store)
        fan_outs = [
            FanOut(name, store.incident_store, store.stream, incidents, utc_now) for name in pages
        ]
        reminders = ReminderFanOut(store.reminders, store.queue, status.view, utc_now)
        blindness = BlindnessFanOut(list(pages), store.incident_store, store.stream, utc_now)
        loops: list[FanOut | ReminderFanOut | BlindnessFanOut] = [*fan_outs, reminders, blindness]
        committed = Bell([loop.wake for loop in loops])
        watchers += [
            Watcher(
                page=page,
                incident_store=store.incident_store,
                catalog=catalog,
                clock=utc_now,
                rng=random.Random(),  # noqa: S311 (jitter, no secret)
                holder=store.holder,
                poll_seconds=settings.poll_seconds * catalog.provider(name).every / POLL_SECONDS,
                blind_after=timedelta(minutes=settings.blind_minutes),
                on_commit=committed.ring,
                on_state=written.ring,
                signals=collector.gather,
                past=RedisBackfillStore(store.database),
            )
            for name, page in pages.items()
        ]
        hints = {watcher.page.provider: watcher.hint.set for watcher in watchers}
        page_url = settings.public_url or ""
        commands = _commands(
            stores.people, asked, status, messengers, platform_health, hints, page_url
        )
        first_polls = [watcher.polled for watcher in watchers]
        page = PageAddress()
        parts = Parts(settings, stores.people, commands, catalog, utc_now, first_polls, stop, page)
        platforms = await _open_platforms(parts, stack)
        messengers.update({one.messenger.platform: one.messenger for one in platforms})
        workers = {
            name: _worker(one, store, incidents, sources, status, platform_health)
            for name, one in messengers.items()
        }
        queued.hearers += [worker.wake for worker in workers.values()]
        routes = [route for platform in platforms for route in platform.routes]
        page.url = await _open_http(
            settings, stores.people, asked, status, routes, workers, watchers, stack
        )
        opening_prober = open_prober(settings, catalog, sources.probes, utc_now, leads)
        prober = await stack.enter_async_context(opening_prober)
        opening_heartbeat = open_heartbeat(settings, status.view, leads, first_polls)
        heartbeat = await stack.enter_async_context(opening_heartbeat)
        log.info("bot.started", providers=list(pages), platforms=list(workers))
        await _until_stopped(
            stop,
            seeing=[
                *(watcher.run() for watcher in watchers),
                *(platform.run() for platform in platforms),
                prober.run(),
                heartbeat.run(),
                stores.people.marker.run(utc_now),
                platform_health.run(_announcer(messengers)),
            ],
            telling=[loop.run() for loop in loops],
            workers=list(workers.values()),
        )
        log.info("bot.stopped")


def _commands(
    store: Store,
    sources: EvidenceStores,
    status: StatusService,
    messengers: Mapping[str, Messenger],
    platform_health: PlatformHealth,
    hints: Mapping[str, Callable[[], None]],
    page_url: str,
) -> Commands:
    async def reported(channel: Channel, about: Sequence[Incident]) -> None:
        await store.queue.mark_stale(channel, about, delay=COUNTED_TOGETHER)

    return Commands(
        Services(
            status=status,
            subscriptions=store.subscriptions,
            threads=store.queue,
            messengers=messengers,
            reports=sources.reports,
            reminders=store.reminders,
            rng=random.Random(),  # noqa: S311 (jitter, no secret)
            reported=reported,
            out_of_reach=platform_health.words,
            explanations={row.name: row.explain for row in PLATFORMS},
            poll_soon=lambda provider: hints[provider](),
            page_url=page_url,
        )
    )


async def _open_http(
    settings: Settings,
    store: Store,
    sources: EvidenceStores,
    status: StatusService,
    routes: Sequence[BaseRoute],
    workers: Mapping[str, Worker],
    watchers: Sequence[Watcher],
    stack: AsyncExitStack,
) -> str:
    """Listen for HTTP where somebody wants it: the settings, or Slack's signed requests.

    Returns the address of the page; empty: nobody wants it.
    """
    if settings.http_port is None and not routes:
        return ""
    from adapters.redis.queue import depth_of
    from adapters.web.run import Program, open_web

    program = Program(
        status,
        sources.traffic,
        sources.probes,
        {watcher.page.provider: watcher for watcher in watchers},
        workers,
        depth=lambda platform: depth_of(store.database, platform, utc_now()),
    )
    return await stack.enter_async_context(open_web(settings, program, routes))


async def _until_stopped(
    stop: asyncio.Event,
    *,
    seeing: Iterable[Coroutine[Any, Any, None]],
    telling: Iterable[Coroutine[Any, Any, None]],
    workers: Sequence[Worker],
) -> None:
    """Run everything; at the end first what sees, then what tells, once it said its word."""
    async with asyncio.TaskGroup() as group:
        inputs = [group.create_task(one) for one in seeing]
        outputs = [group.create_task(one) for one in telling]
        outputs += [group.create_task(worker.run()) for worker in workers]
        await stop.wait()
        for task in inputs:
            task.cancel()
        await asyncio.gather(*(worker.stop(PATIENCE) for worker in workers))
        for task in outputs:
            task.cancel()


def _announcer(messengers: Mapping[str, Messenger]) -> Announce | None:
    """Announces outages of the other platforms on the terminal, where there is one."""
    terminal = messengers.get(CONSOLE.platform)
    if terminal is None:
        return None

    async def announce(platform: str, card: Message) -> None:
        if platform == terminal.platform:
            return
        try:
            await terminal.say(CONSOLE, card, f"trouble/{platform}/{utc_now().isoformat()}")
        except DeliveryError as error:
            log.warning("terminal.not_told", reason=error.reason)

    return announce


def _worker(
    messenger: Messenger,
    store: Store,
    incidents: IncidentCache,
    sources: EvidenceStores,
    status: StatusService,
    health: PlatformHealth,
) -> Worker:
    return Worker(
        DeliveryContext(
            messenger=messenger,
            queue=store.queue,
            rate_limiter=store.rate_limiter,
            incidents=incidents,
            messages=MessageCache(status.catalog),
            clock=utc_now,
            rng=random.Random(),  # noqa: S311 (jitter, no secret)
            health=health,
            report_lines=ReportLines(sources.reports, status.catalog, utc_now),
            # Many reminders fall due at once: one view serves them for some seconds.
            verdicts=TimedCache(status.view, 2.0),
        )
    )


async def _open_platforms(parts: Parts, stack: AsyncExitStack) -> list[OpenPlatform]:
    """Open what the settings ask for. A platform that refuses us leaves the others to go on.

    Raises:
        SettingsError: none accepts what the settings say.
    """
    opened: list[OpenPlatform] = []
    refusals: list[SettingsError] = []
    for row in PLATFORMS:
        if not row.is_wanted(parts.settings):
            continue
        try:
            opened.append(await stack.enter_async_context(row.open(parts)))
        except SettingsError as refused:
            refusals.append(refused)
            log.warning("platform.refused", platform=row.name, reason=str(refused))
    if refusals and not opened:
        raise SettingsError("; ".join(map(str, refusals)))
    return opened
