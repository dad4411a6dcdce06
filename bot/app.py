"""The composition root: who is made of what, and in which order things open and close.

The only place, with `cli`, that knows adapters and libraries of the outside. What only some
need (a prompt, a platform) is imported where it is opened.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import SecretStr

from adapters.pages.opened import page_sources
from adapters.pages.source import StatusPage
from adapters.probes.opened import open_prober
from adapters.redis.doctor import check_redis
from adapters.redis.embedded import embedded_redis
from adapters.redis.eyes import eye_stores
from adapters.redis.notes import RedisNotes
from adapters.redis.orphans import free_orphans
from adapters.redis.seen import RedisSeen
from adapters.redis.store import Store, open_store
from adapters.slack.options import SlackOptions
from adapters.terminal.messenger import CONSOLE, Terminal
from adapters.terminal.platform import Console, open_terminal
from bot.cards import Card
from bot.catalog import Catalog
from bot.checks import Health
from bot.clock import utc_now
from bot.commands import Commands
from bot.delivery.attended import Tell, Troubles
from bot.delivery.courier import Courier
from bot.delivery.drawing import Cards
from bot.delivery.fanout import FanOut
from bot.delivery.incidents import Incidents
from bot.delivery.reach import Reach
from bot.delivery.visit import Tools
from bot.engine.verdict import verdicts
from bot.errors import DeliveryError
from bot.eyes import Eyes, open_eyes
from bot.model import Channel, Incident
from bot.ports import Messenger
from bot.settings import Settings
from bot.watched import watched
from bot.watcher import Watcher

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from adapters.discord.platform import Discord
    from adapters.slack.platform import Slack

log = structlog.get_logger()


# --- what is kept ----------------------------------------------------------------------------


@dataclass(slots=True)
class Bell:
    """Something happened: whoever hears it looks at once instead of a second later."""

    hearers: list[Callable[[], None]] = field(default_factory=list)

    def ring(self) -> None:
        for hear in self.hearers:
            hear()


@asynccontextmanager
async def opened_store(
    settings: Settings, catalog: Catalog, queued: Callable[[], None]
) -> AsyncIterator[Store]:
    """The Redis of the settings, or one of our own in the data folder.

    Raises:
        StoreError: it cannot be reached, or the folder is in use.
    """
    async with AsyncExitStack() as stack:
        embedded = settings.redis_url is None
        if settings.redis_url is None:
            url = await stack.enter_async_context(embedded_redis(settings.data_dir))
        else:
            url = settings.redis_url.get_secret_value()
        store = await stack.enter_async_context(open_store(url, queued=queued))
        if embedded:
            await free_orphans(store.database, catalog.providers)
        async for finding in check_redis(store.database, "embedded" if embedded else "given"):
            if finding.health is not Health.GOOD:
                log.warning("redis.unfit", says=finding.says, advice=finding.advice)
        yield store


# --- run -------------------------------------------------------------------------------------

# Calls in flight may take so long at the end; what is left goes on at the next start.
PATIENCE = 10.0


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Watch, deliver and answer until `stop` is set, then end in order."""
    catalog = watched(settings)
    queued = Bell()
    messengers: dict[str, Messenger] = {}
    receivers: list[Coroutine[Any, Any, None]] = []
    watchers: list[Watcher] = []
    troubles = Troubles(time.monotonic)

    def leads() -> bool:
        """Of all replicas one watches; that one also probes and draws what people report."""
        return any(watcher.leads for watcher in watchers)

    async with AsyncExitStack() as stack:
        stack.callback(_forget, receivers)
        store = await stack.enter_async_context(opened_store(settings, catalog, queued.ring))
        pages = await stack.enter_async_context(page_sources(catalog, utc_now))
        eyes = open_eyes(
            eye_stores(store.database, settings.secret_key),
            catalog,
            store.journal,
            store.queue,
            messengers,
            utc_now,
            may_paint=leads,
        )
        commands = Commands(
            catalog=catalog,
            journal=store.journal,
            subscriptions=store.subscriptions,
            threads=store.queue,
            messengers=messengers,
            judge=lambda state, now: verdicts(state, catalog, now),
            clock=utc_now,
            others=lambda channel: eyes.witness.for_channel(channel, utc_now()),
            outlook=eyes.commands.outlook,
            extra=eyes.commands.handlers(),
            troubles=troubles,
        )
        if settings.speaks_on_terminal:
            terminal = await stack.enter_async_context(open_terminal(settings.data_dir, utc_now))
            messengers[terminal.platform] = terminal
            console = _console(terminal, store, commands, settings)
            receivers.append(console.sit(stop))
        routes: list[BaseRoute] = []
        options = SlackOptions.of(settings)
        if options.wanted:
            slack = await stack.enter_async_context(
                _opened_slack(options, store, commands, catalog)
            )
            messengers[slack.messenger.platform] = slack.messenger
            receivers.append(slack.run())
            routes += slack.routes
        if settings.discord_token is not None:
            discord = await stack.enter_async_context(
                _opened_discord(settings.discord_token, settings, store, commands, catalog)
            )
            messengers[discord.messenger.platform] = discord.messenger
            receivers.append(discord.run())
        incidents = Incidents(store.journal)
        couriers = [
            _courier(troubles.attend(one), store, incidents, catalog, eyes.tallies.words)
            for one in messengers.values()
        ]
        fan_outs = [FanOut(name, store.journal, store.feed, incidents, utc_now) for name in pages]
        queued.hearers += [courier.wake for courier in couriers]
        committed = Bell([*(fan_out.wake for fan_out in fan_outs), eyes.teller.hint.set])
        watchers += [
            _watcher(page, store, catalog, settings, committed, eyes) for page in pages.values()
        ]
        hints = {watcher.page.provider: watcher.hint.set for watcher in watchers}
        if settings.http_port is not None or routes:
            from adapters.redis.depth import depth_of
            from adapters.web.opened import open_web

            await stack.enter_async_context(
                open_web(
                    settings,
                    eyes.oracle,
                    eyes.stores.traffic,
                    hint=lambda provider: hints[provider](),
                    counts=lambda: {
                        name: one.counts for name, one in zip(messengers, couriers, strict=True)
                    },
                    looks=lambda: {watcher.page.provider: watcher.looks for watcher in watchers},
                    depth=lambda platform: depth_of(store.database, platform, utc_now()),
                    routes=routes,
                )
            )
        opening = open_prober(settings, pages, eyes.stores.probes, utc_now, leads)
        prober = await stack.enter_async_context(opening)
        receivers += [prober.run(), troubles.run(_teller(messengers)), *eyes.loops()]
        if settings.speaks_on_terminal:
            receivers.append(console.greet([one.looked for one in watchers], catalog.providers))
        log.info("bot.started", providers=list(pages), platforms=list(messengers))
        await _until_stopped(
            stop,
            seeing=[*(watcher.run() for watcher in watchers), *receivers],
            telling=[one.run() for one in fan_outs],
            couriers=couriers,
        )
        log.info("bot.stopped")


def _forget(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """What a failing start never began; closing what has ended does nothing."""
    for one in work:
        one.close()


async def _until_stopped(
    stop: asyncio.Event,
    *,
    seeing: Iterable[Coroutine[Any, Any, None]],
    telling: Iterable[Coroutine[Any, Any, None]],
    couriers: Sequence[Courier],
) -> None:
    """Run everything; at the end first what sees, then what tells, once it said its word."""
    async with asyncio.TaskGroup() as group:
        eyes = [group.create_task(one) for one in seeing]
        mouths = [group.create_task(one) for one in telling]
        mouths += [group.create_task(courier.run()) for courier in couriers]
        await stop.wait()
        for task in eyes:
            task.cancel()
        await asyncio.gather(*(courier.stop(PATIENCE) for courier in couriers))
        for task in mouths:
            task.cancel()


def _teller(messengers: Mapping[str, Messenger]) -> Tell | None:
    """Who tells the operator that a platform is in trouble: the terminal, where there is one."""
    terminal = messengers.get(CONSOLE.platform)
    if terminal is None:
        return None

    async def tell(platform: str, card: Card) -> None:
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
    eyes: Eyes,
) -> Watcher:
    return Watcher(
        page=page,
        journal=store.journal,
        catalog=catalog,
        clock=utc_now,
        rng=random.Random(),  # noqa: S311 (jitter, no secret)
        holder=store.holder,
        poll_seconds=settings.poll_seconds,
        told=committed.ring,
        gather=eyes.witness.gather,
        past=eyes.stores.past,
    )


def _courier(
    messenger: Messenger,
    store: Store,
    incidents: Incidents,
    catalog: Catalog,
    tally: Callable[[Channel, Incident], str],
) -> Courier:
    return Courier(
        Tools(
            messenger=messenger,
            queue=store.queue,
            pace=store.pace,
            incidents=incidents,
            cards=Cards(catalog),
            clock=utc_now,
            rng=random.Random(),  # noqa: S311 (jitter, no secret)
            tally=tally,
        )
    )


# --- platforms, each loaded only where it is wanted ------------------------------------------


@asynccontextmanager
async def _opened_slack(
    options: SlackOptions, store: Store, commands: Commands, catalog: Catalog
) -> AsyncIterator[Slack]:
    """Slack, listening.

    Raises:
        SettingsError: the options cannot work, or the token is not accepted.
    """
    from adapters.slack.platform import open_slack

    async with open_slack(
        options, store.database, monotonic=time.monotonic, wall=time.time
    ) as slack:
        slack.listen(
            commands,
            subscriptions=store.subscriptions,
            reach=Reach(store.subscriptions, store.queue, utc_now),
            catalog=catalog,
            clock=utc_now,
        )
        await slack.start()
        yield slack


@asynccontextmanager
async def _opened_discord(
    token: SecretStr, settings: Settings, store: Store, commands: Commands, catalog: Catalog
) -> AsyncIterator[Discord]:
    """Discord, listening; it is imported here since discord.py takes 20 MB.

    Raises:
        SettingsError: the token is not accepted.
    """
    from adapters.discord.options import DiscordOptions
    from adapters.discord.platform import open_discord

    options = DiscordOptions(
        token.get_secret_value(), settings.discord_api_url, settings.discord_gateway_url
    )
    async with open_discord(options, clock=utc_now, monotonic=time.monotonic) as discord:
        discord.listen(
            commands,
            subscriptions=store.subscriptions,
            reach=Reach(store.subscriptions, store.queue, utc_now),
            catalog=catalog,
            seen=RedisSeen(store.database),
            notes=RedisNotes(store.database),
        )
        await discord.start()
        yield discord


def _console(terminal: Terminal, store: Store, commands: Commands, settings: Settings) -> Console:
    return Console(
        terminal,
        settings.data_dir,
        commands,
        store.subscriptions,
        store.journal,
        RedisNotes(store.database),
        utc_now,
    )
