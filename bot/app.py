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

from adapters.probes.opened import open_prober
from adapters.providers.http import StatusPage
from adapters.providers.opened import page_sources
from adapters.redis.evidence_stores import evidence_stores
from adapters.redis.keyvalue import RedisKeyValue
from adapters.redis.opened import opened_store
from adapters.redis.store import Store
from adapters.slack.settings import SlackSettings
from adapters.terminal.messenger import CONSOLE, Terminal
from adapters.terminal.platform import Console, open_terminal
from bot.catalog.catalog import Catalog
from bot.catalog.watched import watched_catalog
from bot.clock import utc_now
from bot.commands import Commands
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
    platforms = Platforms()

    def leads() -> bool:
        """Of all replicas one watches; that one also probes and draws what people report."""
        return any(watcher.leads for watcher in watchers)

    async with AsyncExitStack() as stack:
        stack.callback(_forget, platforms.receivers)
        store = await stack.enter_async_context(
            opened_store(settings, catalog.providers, queued.ring)
        )
        pages = await stack.enter_async_context(page_sources(catalog, utc_now))
        evidence_parts = open_evidence(
            evidence_stores(store.database, settings.secret_key),
            catalog,
            store.incident_store,
            store.queue,
            platforms.messengers,
            utc_now,
            may_paint=leads,
        )
        commands = _commands(store, evidence_parts, platforms.messengers, platform_health)
        await platforms.open(settings, store, commands, catalog, stack, stop)
        incidents = IncidentCache(store.incident_store)
        workers = {
            name: _courier(
                platform_health.attend(one),
                store,
                incidents,
                catalog,
                evidence_parts.report_counts.words,
            )
            for name, one in platforms.messengers.items()
        }
        fan_outs = [
            FanOut(name, store.incident_store, store.feed, incidents, utc_now) for name in pages
        ]
        queued.hearers += [worker.wake for worker in workers.values()]
        committed = Bell(
            [*(fan_out.wake for fan_out in fan_outs), evidence_parts.reminder_sender.hint.set]
        )
        watchers += [
            _watcher(page, store, catalog, settings, committed, evidence_parts)
            for page in pages.values()
        ]
        await _open_http(settings, store, evidence_parts, platforms, workers, watchers, stack)
        opening_prober = open_prober(settings, pages, evidence_parts.stores.probes, utc_now, leads)
        prober = await stack.enter_async_context(opening_prober)
        seeing = platforms.receivers  # closed with the stack, should the start fail
        seeing += [
            prober.run(),
            platform_health.run(_teller(platforms.messengers)),
            *evidence_parts.loops(),
        ]
        if platforms.console is not None:
            seeing.append(platforms.console.greet([w.looked for w in watchers], catalog.providers))
        log.info("bot.started", providers=list(pages), platforms=list(workers))
        await _until_stopped(
            stop,
            seeing=[*(watcher.run() for watcher in watchers), *seeing],
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
        status=evidence_parts.status_service,
        subscriptions=store.subscriptions,
        threads=store.queue,
        messengers=messengers,
        rng=random.Random(),  # noqa: S311 (jitter, no secret)
        extra=evidence_parts.commands.handlers(),
        platform_health=platform_health,
    )


async def _open_http(
    settings: Settings,
    store: Store,
    evidence_parts: EvidenceParts,
    platforms: Platforms,
    workers: Mapping[str, Worker],
    watchers: Sequence[Watcher],
    stack: AsyncExitStack,
) -> None:
    """Listen for HTTP where somebody wants it: the settings, or Slack's signed requests."""
    if settings.http_port is None and not platforms.routes:
        return
    from adapters.redis.depth import depth_of
    from adapters.web.opened import open_web

    hints = {watcher.page.provider: watcher.hint.set for watcher in watchers}
    web = open_web(
        settings,
        evidence_parts.status_service,
        evidence_parts.stores.traffic,
        hint=lambda provider: hints[provider](),
        counts=lambda: {name: worker.counts for name, worker in workers.items()},
        looks=lambda: {watcher.page.provider: watcher.looks for watcher in watchers},
        depth=lambda platform: depth_of(store.database, platform, utc_now()),
        routes=platforms.routes,
    )
    await stack.enter_async_context(web)


def _forget(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """What a failing start never began; closing what has ended does nothing."""
    for one in work:
        one.close()


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


# --- platforms, each imported only where it is wanted ----------------------------------------


Parts = tuple[Store, Commands, Catalog]


@dataclass(slots=True)
class Platforms:
    """Where we speak and listen. `routes` are HTTP requests that one of them wants to hear."""

    messengers: dict[str, Messenger] = field(default_factory=dict)
    receivers: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    routes: list[BaseRoute] = field(default_factory=list)
    console: Console | None = None

    def add(self, messenger: Messenger, receiver: Coroutine[Any, Any, None]) -> None:
        self.messengers[messenger.platform] = messenger
        self.receivers.append(receiver)

    async def open(
        self,
        settings: Settings,
        store: Store,
        commands: Commands,
        catalog: Catalog,
        stack: AsyncExitStack,
        stop: asyncio.Event,
    ) -> None:
        """Open what the settings ask for. A platform that refuses us leaves the others to go on.

        Raises:
            SettingsError: none accepts what the settings say.
        """
        if settings.speaks_on_terminal:
            terminal = await stack.enter_async_context(open_terminal(settings.data_dir, utc_now))
            self.console = _console(terminal, store, commands, settings)
            self.add(terminal, self.console.sit(stop))
        try:
            await self._open_slack(settings, stack, store, commands, catalog)
        except SettingsError as refused:
            if not self.messengers and settings.discord_token is None:
                raise
            log.warning("platform.refused", platform="slack", reason=str(refused))
        try:
            await self._open_discord(settings, stack, store, commands, catalog)
        except SettingsError as refused:
            if not self.messengers:
                raise
            log.warning("platform.refused", platform="discord", reason=str(refused))

    async def _open_slack(self, settings: Settings, stack: AsyncExitStack, *parts: *Parts) -> None:
        options = SlackSettings.of(settings)
        if not options.wanted:
            return
        from adapters.slack.opened import listening_slack

        slack = await stack.enter_async_context(listening_slack(options, *parts, utc_now))
        self.add(slack.messenger, slack.run())
        self.routes += slack.routes

    async def _open_discord(
        self, settings: Settings, stack: AsyncExitStack, *parts: *Parts
    ) -> None:
        if settings.discord_token is None:
            return
        from adapters.discord.opened import listening_discord
        from adapters.discord.settings import DiscordSettings

        token = settings.discord_token.get_secret_value()
        options = DiscordSettings(token, settings.discord_api_url, settings.discord_gateway_url)
        discord = await stack.enter_async_context(listening_discord(options, *parts, utc_now))
        self.add(discord.messenger, discord.run())


def _console(terminal: Terminal, store: Store, commands: Commands, settings: Settings) -> Console:
    return Console(
        terminal,
        settings.data_dir,
        commands,
        store.subscriptions,
        store.incident_store,
        RedisKeyValue(store.database),
        utc_now,
    )
