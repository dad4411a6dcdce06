"""One session of Discord's gateway: a client of discord.py for one shard.

discord.py resumes and reconnects by itself. A session that Discord ends for good is begun anew from
`shards`, by a new client. https://docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.errors import TokenRefused
from adapters.discord.frames import CLOSE_SECONDS, SessionOver, use_socket
from adapters.discord.rest import CALL_SECONDS, RestClient
from adapters.discord.session_starts import Gateway
from bot.domain.errors import DeliveryError

log = structlog.get_logger()

# Close codes after which the same would happen again:
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
FATAL: Final = {
    4004: TokenRefused.REASON,
    4010: "Discord refuses the shard",
    4012: "Discord does not know this version of its API any more",
    4013: "Discord refuses the intents",
    4014: "Discord refuses the intents",
}
_SHARDING_REQUIRED: Final = 4011

Listener = Callable[[], Awaitable[None]]


class GatewayRefused(Exception):
    """Discord does not accept us; repeating it at once would do harm."""


class ShardingRequired(Exception):
    """A shard is in more guilds than Discord allows: there have to be more shards."""


async def hold(client: discord.Client) -> None:
    """Hold the connection of a client that is logged in, until its session is over.

    Raises:
        GatewayRefused, ShardingRequired, SessionOver: see there.
        Exception: whatever else ends it; another attempt may succeed.
    """
    try:
        await client.connect(reconnect=True)
    except discord.PrivilegedIntentsRequired:
        raise GatewayRefused(FATAL[4014]) from None
    except discord.ConnectionClosed as closed:
        if closed.code in FATAL:
            raise GatewayRefused(FATAL[closed.code]) from None
        if closed.code == _SHARDING_REQUIRED:
            raise ShardingRequired from None
        raise
    except AttributeError as error:
        # discord.py asks the connection that it has not got where it may resume.
        cause = error.__context__
        if client.ws is None and isinstance(cause, Exception):
            raise cause from None
        raise


async def close(client: discord.Client) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()
    except TimeoutError:
        log.info("discord.not_closed")  # it does not answer our goodbye


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
        client.ws.gateway = address

    add_listener(client, "on_connect", on_connect)


def add_listener(client: discord.Client, name: str, listener: Listener) -> None:
    """Register one more listener for an event; discord.py itself keeps one a name."""
    before: Listener | None = getattr(client, name, None)

    async def both() -> None:
        if before is not None:
            await before()
        await listener()

    setattr(client, name, both)


def make_client(
    shard: int, shards: int, slot: Callable[[], Awaitable[None]] | None = None
) -> discord.Client:
    """Return a client of one shard, with the one intent that we need.

    `slot` is awaited right before it identifies.
    """
    intents = discord.Intents.none()
    intents.guilds = True
    use_socket()
    client = discord.Client(
        intents=intents,
        shard_id=shard,
        shard_count=shards,
        allowed_mentions=discord.AllowedMentions.none(),
        member_cache_flags=discord.MemberCacheFlags.none(),
        max_messages=None,
        chunk_guilds_at_startup=False,
    )

    async def before_identify_hook(shard_id: int | None, *, initial: bool = False) -> None:
        del shard_id
        if not initial:  # when its turn has come, by a new client
            raise SessionOver
        if slot is not None:
            await slot()

    client.before_identify_hook = before_identify_hook  # type: ignore[method-assign]  # its hook
    return client
