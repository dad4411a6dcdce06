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
from typing import TYPE_CHECKING, Any

import structlog

from adapters.chat.platform import OpenPlatform, Parts
from adapters.probes.opened import open_prober
from adapters.providers.http import StatusPage
from adapters.providers.opened import page_sources
from adapters.redis.evidence_stores import evidence_stores
from adapters.redis.opened import opened_store
from adapters.redis.store import Store
from adapters.terminal.messenger import CONSOLE
from bot.catalog.catalog import Catalog
from bot.catalog.watched import watched_catalog
from bot.clock import utc_now
from bot.commands import Commands, Services
from bot.delivery.cache import MessageCache
from bot.delivery.context import DeliveryContext
from bot.delivery.fanout import FanOut
from bot.delivery.incidents import IncidentCache
from bot.delivery.platform_health import PlatformHealth, Tell
from bot.delivery.worker import Worker
from bot.domain.errors import DeliveryError, SettingsError
from bot.domain.incident import Incident
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.eyes import EvidenceParts, open_evidence
from bot.loops.watcher import Watcher
from bot.platforms import PLATFORMS
from bot.ports import Messenger
from bot.settings import Settings

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


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Watch, deliver and answer until `stop` is set, then end in order."""
    catalog = watched_catalog(settings)
    queued = Bell()
    watchers: list[Watcher] = []
    platform_health = PlatformHealth(time.monotonic)
    messengers: dict[str, Messenger] = {}  # filled once the platforms are open

    def leads() -> bool:
        """Of all replicas one watches; that one also probes and draws what people report."""
        return any(watcher.leads for watcher in watchers)

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            opened_store(settings, catalog.providers, queued.ring)
        )
        pages = await stack.enter_async_context(
            page_sources(catalog, utc_now, settings.poll_seconds)
        )
        evidence_parts = open_evidence(
            evidence_stores(store.database, settings.secret_key),
            catalog,
            store.incident_store,
            store.queue,
            messengers,
            utc_now,
            may_paint=leads,
        )
        incidents = IncidentCache(store.incident_store)
        fan_outs = [
            FanOut(name, store.incident_store, store.feed, incidents, utc_now) for name in pages
        ]
        committed = Bell(
            [*(fan_out.wake for fan_out in fan_outs), evidence_parts.reminder_sender.hint.set]
        )
        watchers += [
            _watcher(page, store, catalog, settings, committed, evidence_parts)
            for page in pages.values()
        ]
        commands = _commands(store, evidence_parts, messengers, platform_health)
        first_polls = [watcher.looked for watcher in watchers]
        parts = Parts(settings, store, commands, catalog, utc_now, first_polls, stop)
        platforms = await _open_platforms(parts, stack)
        messengers.update({one.messenger.platform: one.messenger for one in platforms})
        workers = {
            name: _courier(
                platform_health.attend(one),
                store,
                incidents,
                catalog,
                evidence_parts.report_counts.words,
            )
            for name, one in messengers.items()
        }
        queued.hearers += [worker.wake for worker in workers.values()]
        routes = [route for platform in platforms for route in platform.routes]
        await _open_http(settings, store, evidence_parts, routes, workers, watchers, stack)
        opening_prober = open_prober(
            settings, pages, evidence_parts.stores.sources.probes, utc_now, leads
        )
        prober = await stack.enter_async_context(opening_prober)
        log.info("bot.started", providers=list(pages), platforms=list(workers))
        await _until_stopped(
            stop,
            seeing=[
                *(watcher.run() for watcher in watchers),
                *(platform.run() for platform in platforms),
                prober.run(),
                platform_health.run(_teller(messengers)),
                *evidence_parts.loops(),
            ],
            telling=[one.run() for one in fan_outs],
            workers=list(workers.values()),
        )
        log.info("bot.stopped")


def _commands(
    store: Store,
    evidence_parts: EvidenceParts,
    messengers: Mapping[str, Messenger],
    platform_health: PlatformHealth,
) -> Commands:
    return Commands(
        Services(
            status=evidence_parts.status_service,
            subscriptions=store.subscriptions,
            threads=store.queue,
            messengers=messengers,
            reports=evidence_parts.stores.sources.reports,
            reminders=evidence_parts.stores.reminders,
            rng=random.Random(),  # noqa: S311 (jitter, no secret)
            reported=evidence_parts.report_counts.touch,
            out_of_reach=platform_health,
        )
    )


async def _open_http(
    settings: Settings,
    store: Store,
    evidence_parts: EvidenceParts,
    routes: Sequence[BaseRoute],
    workers: Mapping[str, Worker],
    watchers: Sequence[Watcher],
    stack: AsyncExitStack,
) -> None:
    """Listen for HTTP where somebody wants it: the settings, or Slack's signed requests."""
    if settings.http_port is None and not routes:
        return
    from adapters.redis.depth import depth_of
    from adapters.web.run import Program, open_web

    program = Program(
        evidence_parts.status_service,
        evidence_parts.stores.sources.traffic,
        evidence_parts.stores.sources.probes,
        {watcher.page.provider: watcher for watcher in watchers},
        workers,
        depth=lambda platform: depth_of(store.database, platform, utc_now()),
    )
    await stack.enter_async_context(open_web(settings, program, routes))


async def _until_stopped(
    stop: asyncio.Event,
    *,
    seeing: Iterable[Coroutine[Any, Any, None]],
    telling: Iterable[Coroutine[Any, Any, None]],
    workers: Sequence[Worker],
) -> None:
    """Run everything; at the end first what sees, then what tells, once it said its word."""
    async with asyncio.TaskGroup() as group:
        evidence_parts = [group.create_task(one) for one in seeing]
        mouths = [group.create_task(one) for one in telling]
        mouths += [group.create_task(worker.run()) for worker in workers]
        await stop.wait()
        for task in evidence_parts:
            task.cancel()
        await asyncio.gather(*(worker.stop(PATIENCE) for worker in workers))
        for task in mouths:
            task.cancel()


def _teller(messengers: Mapping[str, Messenger]) -> Tell | None:
    """Who tells the operator that a platform is in trouble: the terminal, where there is one."""
    terminal = messengers.get(CONSOLE.platform)
    if terminal is None:
        return None

    async def tell(platform: str, card: Message) -> None:
        try:
            await terminal.say(CONSOLE, card, f"trouble/{platform}/{utc_now().isoformat()}")
        except DeliveryError as error:
            log.warning("terminal.not_told", reason=error.reason)

    return tell


def _watcher(
    page: StatusPage,
    store: Store,
    catalog: Catalog,
    settings: Settings,
    committed: Bell,
    evidence_parts: EvidenceParts,
) -> Watcher:
    return Watcher(
        page=page,
        incident_store=store.incident_store,
        catalog=catalog,
        clock=utc_now,
        rng=random.Random(),  # noqa: S311 (jitter, no secret)
        holder=store.holder,
        poll_seconds=settings.poll_seconds,
        told=committed.ring,
        gather=evidence_parts.collector.gather,
        past=evidence_parts.stores.past,
    )


def _courier(
    messenger: Messenger,
    store: Store,
    incidents: IncidentCache,
    catalog: Catalog,
    report_count: Callable[[Channel, Incident], str],
) -> Worker:
    return Worker(
        DeliveryContext(
            messenger=messenger,
            queue=store.queue,
            rate_limiter=store.rate_limiter,
            incidents=incidents,
            cards=MessageCache(catalog),
            clock=utc_now,
            rng=random.Random(),  # noqa: S311 (jitter, no secret)
            report_count=report_count,
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
