"""The connection to Discord's gateway: one client, for as many shards as Discord asks for.

discord.py resumes and reconnects by itself. What it gives up on (an address that does not answer
at the start, a session that Discord ends for good) is begun anew from here, with growing pauses.
https://docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.errors import TokenRefused
from adapters.discord.events import GuildListener, SessionEvents
from adapters.discord.guilds import GuildTable
from adapters.discord.rest import CALL_SECONDS, RestClient
from adapters.discord.session_starts import Gateway, SessionStarts
from adapters.discord.settings import DiscordSettings
from bot.domain.errors import DeliveryError

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
CLOSE_SECONDS: Final = 5.0
# A token that was accepted once and is no more: somebody has to act.
REFUSED_PAUSE: Final = 600.0
# Close codes after which the same would happen again:
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
FATAL: Final = {
    4004: TokenRefused.REASON,
    4010: "Discord refuses the shard",
    4012: "Discord does not know this version of its API any more",
    4013: "Discord refuses the intents",
    4014: "Discord refuses the intents",
}

Listener = Callable[[], Awaitable[None]]


class GatewayRefused(Exception):
    """Discord does not accept us; repeating it at once would do harm."""


class GatewayConnection:
    """Keeps a client connected. `listen` registers the listeners on each new client."""

    def __init__(
        self,
        settings: DiscordSettings,
        rest: RestClient,
        guilds: GuildTable,
        monotonic: Callable[[], float],
        listen: Callable[[discord.Client], GuildListener | None],
    ) -> None:
        self._settings = settings
        self._rest = rest
        self._guilds = guilds
        self._listen = listen
        self._starts = SessionStarts(monotonic)
        self.client: discord.Client | None = None  # the present one
        self._pause = FIRST_PAUSE
        # discord.py writes addresses with tokens and other people's words into its log.
        logging.getLogger("discord").setLevel(logging.CRITICAL)

    async def run(self) -> None:
        """Connect and stay connected, until cancelled. What is wrong here stops nobody else.

        Cancelling ends the receiving only: what is being sent goes on until `close`.
        """
        while True:
            try:
                await self._connect()
            except (GatewayRefused, TokenRefused) as refused:
                reason = str(refused)
                log.warning("discord.refused", reason=reason, again_in=REFUSED_PAUSE)
                await asyncio.sleep(REFUSED_PAUSE)
            except Exception as error:  # whatever ends the connection: it is made again
                kind = type(error).__name__
                log.warning("discord.unreachable", reason=kind, again_in=self._pause)
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def close(self) -> None:
        client, self.client = self.client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await client.close()
        except TimeoutError:
            log.info("discord.not_closed")  # it does not answer our goodbye

    async def _connect(self) -> None:
        """Log in and hold the connection until discord.py gives it up."""
        gateway = await ask_gateway(self._rest)
        self._starts.update(gateway)
        point_at(self._settings.base, self._settings.gateway_url or gateway.url)
        self.client = client = make_client(gateway.shards, self._starts)
        events = SessionEvents(client, self._rest, self._guilds, self._listen(client))
        if self._settings.gateway_url:
            stay_at(client, self._settings.gateway_url)
        try:
            await client.login(self._settings.token)
            self._pause = FIRST_PAUSE
            log.info("discord.logged_in", shards=gateway.shards)
            await client.connect(reconnect=True)
        except discord.LoginFailure:
            raise GatewayRefused(FATAL[4004]) from None
        except discord.PrivilegedIntentsRequired:
            raise GatewayRefused(FATAL[4014]) from None
        except discord.ConnectionClosed as closed:
            if closed.code in FATAL:
                raise GatewayRefused(FATAL[closed.code]) from None
            raise
        finally:
            await events.close()
            # Not when cancelled: then `close` comes later.
            if (task := asyncio.current_task()) is None or not task.cancelling():
                await self.close()


async def ask_gateway(rest: RestClient, seconds: float = CALL_SECONDS) -> Gateway:
    """Ask where the gateway is, and how many shards it wants.

    Raises:
        DeliveryError: Discord did not say; TokenRefused: it does not accept the token.
    """
    answer = await rest.call("GET", "/gateway/bot", seconds=seconds)
    try:
        return Gateway.of(answer)
    except (KeyError, ValueError) as error:
        raise DeliveryError("an answer without a gateway") from error


def point_at(base: str, gateway_url: str) -> None:
    """Tell discord.py where Discord is; it keeps that for the whole process."""
    Route.BASE = base
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


def stay_at(client: discord.Client, gateway_url: str) -> None:
    """Resume where we were told to connect, not where Discord says (a proxy stands between)."""
    address = yarl.URL(gateway_url)

    async def on_connect() -> None:
        if not isinstance(client, discord.AutoShardedClient):
            client.ws.gateway = address

    async def on_shard_connect(shard: int) -> None:
        # The one way that discord.py has to a shard's own socket.
        client._get_websocket(shard_id=shard).gateway = address

    client.event(on_shard_connect)
    add_listener(client, "on_connect", on_connect)


def add_listener(client: discord.Client, name: str, listener: Listener) -> None:
    """Register one more listener for an event; discord.py itself keeps one a name."""
    before: Listener | None = getattr(client, name, None)

    async def both() -> None:
        if before is not None:
            await before()
        await listener()

    setattr(client, name, both)


def make_client(shards: int, starts: SessionStarts) -> discord.Client:
    """Return a client with the one intent that we need."""
    intents = discord.Intents.none()
    intents.guilds = True
    options: dict[str, Any] = {
        "intents": intents,
        "allowed_mentions": discord.AllowedMentions.none(),
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "max_messages": None,
        "chunk_guilds_at_startup": False,
    }
    if shards == 1:
        client = discord.Client(**options)
    else:
        # The number is given, so that the gateway is the one we were told of or told to take.
        client = discord.AutoShardedClient(shard_count=shards, **options)

    async def before_identify_hook(shard_id: int | None, *, initial: bool = False) -> None:
        del initial
        await starts.turn(shard_id or 0)

    client.before_identify_hook = before_identify_hook  # type: ignore[method-assign]  # its hook
    return client
