"""The connection to Discord: one client, for as many shards as Discord asks for.

discord.py resumes and reconnects by itself. What it gives up on (an address that does not answer
at the start, a session that Discord ends for good) is begun anew from here, with growing pauses.
https://docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.rest import PATIENCE_SECONDS, RestClient
from adapters.discord.settings import DiscordSettings

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
CLOSE_SECONDS: Final = 5.0
# A token that was accepted once and is no more: somebody has to act.
REFUSED_PAUSE: Final = 600.0
# Close codes after which the same would happen again:
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
FATAL: Final = {
    4004: "Discord refuses the bot's token",
    4010: "Discord refuses the shard",
    4012: "Discord does not know this version of its API any more",
    4013: "Discord refuses the intents",
    4014: "Discord refuses the intents",
}
REFUSED: Final = (
    "DISCORD_TOKEN is not accepted by Discord: copy it again from Bot → Reset Token at "
    "discord.com/developers/applications"
)


Listener = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Gateway:
    url: str
    shards: int


class Refusal(Exception):
    """Discord does not accept us; repeating it at once would do harm."""


class Connection:
    """Keeps a client connected. `listen` registers what is to be heard on each new client."""

    def __init__(
        self, options: DiscordSettings, wire: RestClient, listen: Callable[[discord.Client], None]
    ) -> None:
        self._options = options
        self._wire = wire
        self._listen = listen
        self._client: discord.Client | None = None
        self._pause = FIRST_PAUSE
        # discord.py writes addresses with tokens and other people's words into its log.
        logging.getLogger("discord").setLevel(logging.CRITICAL)

    async def run(self) -> None:
        """Connect and stay connected, until cancelled. What is wrong here stops nobody else.

        Cancelling ends the hearing only: what is being sent goes on until `close`.
        """
        while True:
            try:
                await self._once()
            except Refusal as refusal:
                reason = str(refusal)
                log.warning("discord.refused", reason=reason, again_in=REFUSED_PAUSE)
                await asyncio.sleep(REFUSED_PAUSE)
            except Exception as error:  # whatever ends the connection: it is made again
                kind = type(error).__name__
                log.warning("discord.unreachable", reason=kind, again_in=self._pause)
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def close(self) -> None:
        """Let go of Discord: nothing can be sent any more."""
        self._wire.attach(None)
        client, self._client = self._client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await client.close()
        except TimeoutError:
            log.info("discord.not_closed")  # it does not answer our goodbye

    async def _once(self) -> None:
        """Log in and hold the connection until discord.py gives it up."""
        gateway = await ask_gateway(self._options)
        point_at(self._options.base, self._options.gateway_url or gateway.url)
        self._client = client = make_client(gateway.shards, self._wire)
        self._listen(client)
        if self._options.gateway_url:
            stay_at(client, self._options.gateway_url)
        try:
            await _logged_in(client, self._options.token)
            self._wire.attach(client)
            self._pause = FIRST_PAUSE
            log.info("discord.logged_in", shards=gateway.shards)
            await _connected(client)
        except Exception:  # not cancellation: then `close` comes later
            await self.close()
            raise
        await self.close()


async def _logged_in(client: discord.Client, token: str) -> None:
    try:
        await client.login(token)
    except discord.LoginFailure:
        raise Refusal(FATAL[4004]) from None


async def _connected(client: discord.Client) -> None:
    try:
        await client.connect(reconnect=True)
    except discord.ConnectionClosed as closed:
        if closed.code in FATAL:
            raise Refusal(FATAL[closed.code]) from None
        raise
    except discord.PrivilegedIntentsRequired:
        raise Refusal(FATAL[4014]) from None


async def ask_gateway(options: DiscordSettings, seconds: float = 20) -> Gateway:
    """Ask where the gateway is and how many shards it wants.

    Raises:
        Refusal: the token is not accepted. aiohttp.ClientError, OSError, ValueError: no answer.
    """
    headers = {"Authorization": f"Bot {options.token}"}
    limit = aiohttp.ClientTimeout(total=seconds)
    async with (
        aiohttp.ClientSession(headers=headers, timeout=limit) as session,
        session.get(f"{options.base}/gateway/bot") as answer,
    ):
        if answer.status == 401:
            raise Refusal(FATAL[4004])
        answer.raise_for_status()
        body = await answer.json(content_type=None)
    return Gateway(str(body["url"]), max(1, int(body.get("shards", 1))))


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


def make_client(shards: int, wire: RestClient) -> discord.Client:
    """A client with the one intent that we need, and as small a cache as can be."""
    intents = discord.Intents.none()
    intents.guilds = True
    options: dict[str, Any] = {
        "intents": intents,
        "http_trace": wire.trace(),
        "max_ratelimit_timeout": PATIENCE_SECONDS,
        "allowed_mentions": discord.AllowedMentions.none(),
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "max_messages": None,
        "chunk_guilds_at_startup": False,
    }
    if shards == 1:
        return discord.Client(**options)
    # The number is given, so that the gateway is the one we were told of or told to take.
    return discord.AutoShardedClient(shard_count=shards, **options)
