"""The composition root: who is made of what, and in which order things open and close.

The only place, with `cli`, that knows adapters and libraries of the outside. What only some
need (a prompt, a platform) is imported where it is opened.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from starlette.routing import BaseRoute

from adapters.pages.opened import page_sources
from adapters.pages.source import StatusPage
from adapters.probes.opened import open_prober
from adapters.redis.connect import open_database
from adapters.redis.database import Database
from adapters.redis.doctor import check_redis
from adapters.redis.embedded import embedded_redis
from adapters.redis.feed import RedisFeed
from adapters.redis.journal import RedisJournal
from adapters.redis.notes import RedisNotes
from adapters.redis.pace import RedisPace
from adapters.redis.queue import RedisQueue
from adapters.redis.seen import RedisSeen
from adapters.redis.subscriptions import RedisSubscriptions
from adapters.redis.wishes import RedisWishes
from adapters.redis.witness import RedisProbes, RedisReports, RedisTraffic
from adapters.slack.options import SlackOptions
from adapters.slack.platform import open_slack
from adapters.terminal.messenger import CONSOLE, TRANSCRIPT, Terminal
from adapters.web.opened import open_web
from bot.catalog import Catalog
from bot.checks import Health
from bot.clock import utc_now
from bot.commands import Commands, Request
from bot.delivery.courier import Courier
from bot.delivery.drawing import Cards
from bot.delivery.fanout import FanOut
from bot.delivery.incidents import Incidents
from bot.delivery.reach import Reach
from bot.delivery.visit import Tools
from bot.engine.verdict import verdicts
from bot.errors import StoreError
from bot.eyes import EyeStores, open_eyes
from bot.model import Channel, Incident, Severity, Subscription
from bot.ports import Messenger
from bot.settings import Settings
from bot.watched import watched
from bot.watcher import Watcher
from bot.witness import Witness

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from adapters.discord.platform import Discord

log = structlog.get_logger()


# --- what is kept ----------------------------------------------------------------------------


@dataclass(slots=True)
class Bell:
    """Something happened: whoever hears it looks at once instead of a second later."""

    hearers: list[Callable[[], None]] = field(default_factory=list)

    def ring(self) -> None:
        for hear in self.hearers:
            hear()


@dataclass(frozen=True, slots=True)
class Store:
    """Everything on Redis, over one connection pool."""

    database: Database
    journal: RedisJournal
    subscriptions: RedisSubscriptions
    queue: RedisQueue
    feed: RedisFeed
    pace: RedisPace

    # Rung when channels were queued: whoever delivers listens.
    queued: Bell

    @classmethod
    def on(cls, database: Database, holder: str) -> Store:
        bell = Bell()
        journal = RedisJournal(database)
        return cls(
            database,
            journal,
            RedisSubscriptions(database, journal),
            RedisQueue(database, holder),
            RedisFeed(database, holder, bell.ring),
            RedisPace(database),
            bell,
        )


@asynccontextmanager
async def opened_store(settings: Settings, holder: str) -> AsyncIterator[Store]:
    """The Redis of the settings, or one of our own in the data folder.

    Raises:
        StoreError: it cannot be reached, or the folder is in use.
    """
    async with AsyncExitStack() as stack:
        if settings.redis_url is None:
            url = await stack.enter_async_context(embedded_redis(settings.data_dir))
        else:
            url = settings.redis_url.get_secret_value()
        database = await open_database(url)
        stack.push_async_callback(database.close)
        kind = "embedded" if settings.redis_url is None else "given"
        async for finding in check_redis(database, kind):
            if finding.health is not Health.GOOD:
                log.warning("redis.unfit", says=finding.says, advice=finding.advice)
        yield Store.on(database, holder)


def name_of_process() -> str:
    """Names this process among replicas."""
    return f"{socket.gethostname()}:{os.getpid()}:{random.SystemRandom().getrandbits(32):08x}"


# --- run -------------------------------------------------------------------------------------

# Calls in flight may take so long at the end; what is left goes on at the next start.
PATIENCE = 10.0


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Watch, deliver and answer until `stop` is set, then end in order."""
    catalog = watched(settings)
    holder = name_of_process()
    messengers: dict[str, Messenger] = {}
    receivers: list[Coroutine[Any, Any, None]] = []
    watchers: list[Watcher] = []

    def leads() -> bool:
        """Of all replicas one watches; that one also probes and draws what people report."""
        return any(watcher.leads for watcher in watchers)

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened_store(settings, holder))
        pages = await stack.enter_async_context(page_sources(catalog, utc_now))
        eyes = open_eyes(
            _eye_stores(settings, store),
            catalog,
            store.journal,
            store.queue,
            messengers,
            utc_now,
            random.Random(),  # noqa: S311 (jitter, no secret)
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
            extra=eyes.commands.handlers(),
        )
        if settings.speaks_on_terminal:
            terminal, new = await _opened_terminal(settings, store)
            stack.callback(terminal.close)
            messengers[terminal.platform] = terminal
            receivers.append(_sit_at(terminal, commands, settings, stop))
        routes: list[BaseRoute] = []
        options = SlackOptions.of(settings)
        if options.wanted:
            slack = await stack.enter_async_context(
                open_slack(options, store.database, monotonic=time.monotonic, wall=time.time)
            )
            slack.listen(
                commands,
                subscriptions=store.subscriptions,
                reach=Reach(store.subscriptions, store.queue, utc_now),
                catalog=catalog,
                clock=utc_now,
            )
            await slack.start()
            messengers[slack.messenger.platform] = slack.messenger
            receivers.append(slack.run())
            routes += slack.routes
        if settings.discord_token is not None:
            token = settings.discord_token.get_secret_value()
            opened = _opened_discord(token, settings, store, commands, catalog)
            discord = await stack.enter_async_context(opened)
            messengers[discord.messenger.platform] = discord.messenger
            receivers.append(discord.run())
        incidents = Incidents(store.journal)
        couriers = [
            _courier(one, store, incidents, catalog, eyes.tallies.words)
            for one in messengers.values()
        ]
        fan_outs = [FanOut(name, store.journal, store.feed, incidents, utc_now) for name in pages]
        store.queued.hearers += [courier.wake for courier in couriers]
        committed = Bell([*(fan_out.wake for fan_out in fan_outs), eyes.teller.hint.set])
        watchers += [
            _watcher(page, store, catalog, settings, holder, committed, eyes.witness)
            for page in pages.values()
        ]
        hints = {watcher.page.provider: watcher.hint.set for watcher in watchers}
        web = open_web(
            settings,
            eyes.oracle,
            eyes.stores.traffic,
            hint=lambda provider: hints[provider](),
            counts=lambda: {
                name: one.counts for name, one in zip(messengers, couriers, strict=True)
            },
            routes=routes,
        )
        await stack.enter_async_context(web)
        receivers += eyes.loops()
        if settings.probes:
            key = settings.anthropic_api_key
            opening = open_prober(
                pages,
                eyes.stores.probes,
                utc_now,
                random.Random(),  # noqa: S311 (jitter, no secret)
                key=key.get_secret_value() if key else None,
                daily_budget=settings.probe_daily_budget,
                may_look=leads,
            )
            receivers.append((await stack.enter_async_context(opening)).run())
        if settings.speaks_on_terminal:
            receivers.append(_greet(terminal, commands, store, watchers, new=new))
        log.info("bot.started", providers=list(pages), platforms=list(messengers))
        async with asyncio.TaskGroup() as group:
            seeing = [group.create_task(one) for one in (*(w.run() for w in watchers), *receivers)]
            telling = [group.create_task(one.run()) for one in fan_outs]
            telling += [group.create_task(one.run()) for one in couriers]
            await stop.wait()
            for task in seeing:
                task.cancel()
            await asyncio.gather(*(courier.stop(PATIENCE) for courier in couriers))
            for task in telling:
                task.cancel()
        log.info("bot.stopped")


def _watcher(
    page: StatusPage,
    store: Store,
    catalog: Catalog,
    settings: Settings,
    holder: str,
    committed: Bell,
    witness: Witness,
) -> Watcher:
    return Watcher(
        page=page,
        journal=store.journal,
        catalog=catalog,
        clock=utc_now,
        rng=random.Random(),  # noqa: S311 (jitter, no secret)
        holder=holder,
        poll_seconds=settings.poll_seconds,
        told=committed.ring,
        gather=witness.gather,
    )


def _eye_stores(settings: Settings, store: Store) -> EyeStores:
    secret = settings.secret_key
    return EyeStores(
        RedisProbes(store.database),
        RedisTraffic(store.database),
        RedisReports(store.database, secret.get_secret_value().encode() if secret else None),
        RedisWishes(store.database),
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


# --- Discord ---------------------------------------------------------------------------------


@asynccontextmanager
async def _opened_discord(
    token: str, settings: Settings, store: Store, commands: Commands, catalog: Catalog
) -> AsyncIterator[Discord]:
    """Discord, listening; it is imported here since discord.py takes 20 MB.

    Raises:
        SettingsError: the token is not accepted.
    """
    from adapters.discord.connection import DiscordOptions
    from adapters.discord.platform import open_discord

    options = DiscordOptions(token, settings.discord_api_url, settings.discord_gateway_url)
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


# --- the terminal ----------------------------------------------------------------------------


async def _opened_terminal(settings: Settings, store: Store) -> tuple[Terminal, bool]:
    """The terminal, and whether it is new: then it is subscribed to everything.

    Raises:
        StoreError: its transcript cannot be written.
    """
    new = not (settings.data_dir / TRANSCRIPT).exists()
    if new:
        everything = Subscription(CONSOLE, Severity.UP, created_at=utc_now())
        await store.subscriptions.put(everything)
    try:
        return Terminal(sys.stdout, settings.data_dir, utc_now), new
    except OSError as error:
        raise StoreError(f"{settings.data_dir} cannot be written: {error.strerror}") from error


async def _greet(
    terminal: Terminal, commands: Commands, store: Store, watchers: Sequence[Watcher], *, new: bool
) -> None:
    """Say how things are, as soon as somebody looked; a new terminal gets what runs already."""
    for watcher in watchers:
        await watcher.looked.wait()
    if new and (subscription := await store.subscriptions.get(CONSOLE)):
        await store.subscriptions.put(subscription, behind=await _running(store, watchers))
        store.queued.ring()
    answer = await commands.answer(Request(CONSOLE, "local", "you"))
    await terminal.tell(answer.card)


async def _running(store: Store, watchers: Sequence[Watcher]) -> list[str]:
    stored = [await store.journal.load(watcher.page.provider) for watcher in watchers]
    states = [one.state for one in stored if one.state]
    return [i.key for state in states for i in state.incidents.values() if i.is_open]


async def _sit_at(
    terminal: Terminal, commands: Commands, settings: Settings, stop: asyncio.Event
) -> None:
    """Take commands if somebody can type some. Ends everything when they leave."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        from adapters.terminal.prompt import converse

        await converse(commands, terminal, settings.data_dir)
    else:
        await terminal.screen.gone.wait()
    log.info("terminal.left")
    stop.set()
