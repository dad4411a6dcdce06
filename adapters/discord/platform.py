"""Discord for the composition root: opened, connected, listening, closed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import discord
import structlog

from adapters.chat.responder import Deduplicator
from adapters.discord.commands import build_tree
from adapters.discord.components import listen_to_components
from adapters.discord.deferred import DeferredStore
from adapters.discord.errors import DiscordRefused, TokenRefused
from adapters.discord.events import GuildListener
from adapters.discord.gateway import ask_gateway
from adapters.discord.invite import REFUSED
from adapters.discord.lifecycle import GuildLifecycle
from adapters.discord.messenger import DiscordMessenger
from adapters.discord.presence import keep_presence
from adapters.discord.rate_limit import REQUESTS_PER_SECOND, SharedLimits
from adapters.discord.registration import register_commands
from adapters.discord.responder import DiscordResponder, KeyValue
from adapters.discord.rest import RestClient
from adapters.discord.settings import DiscordSettings
from adapters.discord.shards import ShardSessions
from adapters.redis.deferred import RedisDeferred
from adapters.redis.keyvalue import RedisDeduplicator, RedisKeyValue
from adapters.redis.shards import RedisShards
from adapters.redis.store import Store
from bot.catalog.catalog import Catalog
from bot.commands import Commands
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.errors import DeliveryError, SettingsError
from bot.ports import Clock, Subscriptions

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

log = structlog.get_logger()

START_SECONDS = 5.0  # the others do not wait longer for Discord


class Discord:
    """One bot, in all its guilds. `monotonic` gives seconds.

    `listen` once the commands exist; then `run`.
    """

    def __init__(
        self,
        settings: DiscordSettings,
        *,
        clock: Clock,
        monotonic: Callable[[], float],
        requests_per_second: float | None = REQUESTS_PER_SECOND,
    ) -> None:
        self.routes: Sequence[BaseRoute] = ()  # the gateway brings everything
        rate = requests_per_second
        self._rest = RestClient(settings, monotonic, requests_per_second=rate)
        self._clock = clock
        self.messenger = DiscordMessenger(
            self._rest, clock=clock, monotonic=monotonic, requests_per_second=rate
        )
        self._settings = settings
        self._monotonic = monotonic
        self._sessions: ShardSessions | None = None
        self._responder: DiscordResponder | None = None
        self._registering: asyncio.Task[None] | None = None

    def listen(
        self,
        commands: Commands,
        *,
        subscriptions: Subscriptions,
        lifecycle: ChannelLifecycle,
        catalog: Catalog,
        deduplicator: Deduplicator,
        keyvalue: KeyValue,
        deferred: DeferredStore,
        shared_limits: SharedLimits,
        shards: RedisShards,
    ) -> None:
        """Set what answers people; `run` listens to them from then on."""
        self._sessions = ShardSessions(
            self._settings,
            self._rest,
            self.messenger.channels.guilds,
            shards,
            self._monotonic,
            self._listen_on,
        )
        self.messenger.deferred.store = deferred
        self._rest.share_limits(shared_limits)
        self._responder = DiscordResponder(
            platform="discord",
            commands=commands,
            subscriptions=subscriptions,
            lifecycle=lifecycle,
            deduplicator=deduplicator,
            catalog=catalog,
            clock=self._clock,
            messenger=self.messenger,
            channels=self.messenger.channels,
            rest=self._rest,
            keyvalue=keyvalue,
        )

    async def start(self) -> None:
        """Find out whether the token is good; Discord being away is no reason not to start.

        Raises:
            SettingsError: Discord does not accept the token.
        """
        try:
            await ask_gateway(self._rest, START_SECONDS)
        except TokenRefused:
            raise SettingsError(REFUSED) from None
        except (DiscordRefused, DeliveryError) as error:
            log.warning("discord.unreachable", reason=str(error))

    async def run(self) -> None:
        """Stay connected, until cancelled; what is being sent then goes on until `close`."""
        responder, sessions = self._responder, self._sessions
        if responder is None or sessions is None:
            raise RuntimeError("`listen` comes before `run`")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(sessions.run())
                tasks.create_task(self.messenger.deferred.resume())
                tasks.create_task(keep_presence(responder, sessions.clients.values()))
        finally:
            await self._stop_registering()

    async def close(self) -> None:
        """Close the connections, once nothing is being sent any more."""
        await self.messenger.close()
        await self._rest.close()

    def _listen_on(self, client: discord.Client) -> GuildListener | None:
        """Register what every new client listens to; return who hears of its guilds."""
        responder = self._responder
        if responder is None:
            return None
        tree = build_tree(client, responder)
        listen_to_components(client, responder)

        async def on_connect() -> None:
            await self._stop_registering()
            self._registering = asyncio.create_task(register(client.application_id or 0))

        async def register(application: int) -> None:
            ids = await register_commands(self._rest, responder.keyvalue, tree, application)
            responder.command_ids.update(ids)

        async def on_error(event: str, *_args: object, **_keywords: object) -> None:
            # The type of the event alone: its content may quote what somebody wrote.
            log.error("discord.listener_failed", type=event)

        client.event(on_connect)
        client.event(on_error)
        return GuildLifecycle(responder)

    async def _stop_registering(self) -> None:
        if self._registering is not None:
            self._registering.cancel()
            await asyncio.gather(self._registering, return_exceptions=True)


@asynccontextmanager
async def open_discord(
    settings: DiscordSettings,
    *,
    clock: Clock,
    monotonic: Callable[[], float] = time.monotonic,
    requests_per_second: float | None = REQUESTS_PER_SECOND,
) -> AsyncIterator[Discord]:
    """Open what Discord needs. Nothing is asked of Discord before `start`."""
    opened = Discord(
        settings, clock=clock, monotonic=monotonic, requests_per_second=requests_per_second
    )
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def open_listening(
    settings: DiscordSettings, store: Store, commands: Commands, catalog: Catalog, clock: Clock
) -> AsyncIterator[Discord]:
    """Open Discord with the commands behind it. Raises as `Discord.start` does."""
    async with open_discord(settings, clock=clock) as discord:
        discord.listen(
            commands,
            subscriptions=store.subscriptions,
            lifecycle=ChannelLifecycle(store.subscriptions, store.queue, clock),
            catalog=catalog,
            deduplicator=RedisDeduplicator(store.database),
            keyvalue=RedisKeyValue(store.database),
            deferred=RedisDeferred(store.database, "discord", clock),
            shared_limits=store.rate_limiter,
            shards=RedisShards(store.database, store.holder),
        )
        await discord.start()
        yield discord
