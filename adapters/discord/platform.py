"""Discord as one thing for the composition root: opened, given the commands, run, closed.

async with open_discord(options, ...) as discord:
    messengers["discord"] = discord.messenger
    discord.listen(commands, ...)          # once the commands exist
    tasks.create_task(discord.run())
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import discord
import structlog

from adapters.discord.circuit_breaker import CircuitBreaker, RequestGate
from adapters.discord.commands import build_tree
from adapters.discord.components import listen_to_presses
from adapters.discord.gateway import REFUSED, Connection, Refusal, ask_gateway
from adapters.discord.lifecycle import listen_to_guilds
from adapters.discord.messenger import REQUESTS_A_SECOND, DiscordMessenger
from adapters.discord.responder import Deduplicator, KeyValue, Responder
from adapters.discord.rest import RestClient
from adapters.discord.settings import DiscordSettings
from adapters.discord.sync import sync_commands
from bot.catalog.catalog import Catalog
from bot.commands import Commands
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.errors import SettingsError
from bot.ports import Clock, Subscriptions

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

log = structlog.get_logger()

START_SECONDS = 5.0  # the others do not wait longer for Discord


class Discord:
    """One bot, in all its guilds. `monotonic` gives seconds."""

    def __init__(
        self,
        options: DiscordSettings,
        *,
        clock: Clock,
        monotonic: Callable[[], float],
        requests_a_second: float | None = REQUESTS_A_SECOND,
    ) -> None:
        self.routes: Sequence[BaseRoute] = ()  # the gateway brings everything
        self._options = options
        rate = requests_a_second
        self._wire = RestClient(CircuitBreaker(monotonic), RequestGate(monotonic, rate))
        self._clock = clock
        self.messenger = DiscordMessenger(
            self._wire,
            clock=clock,
            monotonic=monotonic,
            requests_a_second=rate,
        )
        self._connection = Connection(options, self._wire, self._begin)
        self._desk: Responder | None = None
        self._client: discord.Client | None = None
        self._syncing: asyncio.Task[None] | None = None

    def listen(
        self,
        commands: Commands,
        *,
        subscriptions: Subscriptions,
        reach: ChannelLifecycle,
        catalog: Catalog,
        seen: Deduplicator,
        notes: KeyValue,
    ) -> None:
        """Connect the listeners; `run` hears people from then on."""
        self._desk = Responder(
            commands,
            self.messenger,
            self._wire,
            subscriptions,
            reach,
            seen,
            notes,
            catalog,
            self._clock,
        )

    async def start(self) -> None:
        """Find out whether the token is good; Discord being away is no reason not to start.

        Raises:
            SettingsError: Discord does not accept the token.
        """
        try:
            await ask_gateway(self._options, START_SECONDS)
        except Refusal:
            raise SettingsError(REFUSED) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("discord.unreachable", reason=type(error).__name__)

    async def run(self) -> None:
        """Stay connected, until cancelled."""
        try:
            await self._connection.run()
        finally:
            await self._end_syncing()

    async def close(self) -> None:
        """Let go of Discord, once nothing is being sent any more."""
        await self.messenger.close()
        await self._connection.close()

    @property
    def is_well(self) -> bool:
        """Whether we hear Discord."""
        return self._client is not None and not self._client.is_closed() and self._client.is_ready()

    def _begin(self, client: discord.Client) -> None:
        """A new client: let it hear what all of them hear."""
        responder = self._desk
        self._client = client
        if responder is None:
            return
        tree = build_tree(client, responder)
        listen_to_presses(client, responder)
        listen_to_guilds(client, responder)

        async def on_connect() -> None:
            await self._end_syncing()
            self._syncing = asyncio.create_task(sync_commands(self._wire, responder.notes, tree))

        async def on_error(event: str, *_args: object, **_keywords: object) -> None:
            # The type of the event alone: its content may quote what somebody wrote.
            log.error("discord.listener_failed", type=event)

        client.event(on_connect)
        client.event(on_error)

    async def _end_syncing(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
            await asyncio.gather(self._syncing, return_exceptions=True)


@asynccontextmanager
async def open_discord(
    options: DiscordSettings,
    *,
    clock: Clock,
    monotonic: Callable[[], float],
    requests_a_second: float | None = REQUESTS_A_SECOND,
) -> AsyncIterator[Discord]:
    """Open what Discord needs. Nothing is asked of Discord before `run`."""
    opened = Discord(options, clock=clock, monotonic=monotonic, requests_a_second=requests_a_second)
    try:
        yield opened
    finally:
        await opened.close()
