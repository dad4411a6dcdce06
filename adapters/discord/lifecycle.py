"""Gateway events of guilds, channels and permissions that come and go.

A guild that is unavailable is Discord's outage: the bot is still in it, and nothing ends.
https://docs.discord.com/developers/events/gateway-events#guilds
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import discord

from adapters.discord.command_names import ASK, MANAGE
from adapters.discord.responder import DiscordResponder, log
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.message import Lines, Message, Text
from bot.domain.subscription import Channel

# Who joined a guild so recently was not welcomed yet, perhaps: a guess.
NEW: Final = timedelta(minutes=10)
# At a start Discord tells of thousands of guilds within a second; so many are checked at once.
_AT_ONCE: Final = 8
_UNTIL_READY_SECONDS: Final = 1.0


def listen_to_guilds(client: discord.Client, responder: DiscordResponder) -> None:
    """Register the listeners on a client."""
    events = _GuildEvents(responder)
    for name in dir(events):
        if name.startswith("on_"):
            setattr(client, name, getattr(events, name))


async def notice_departures(
    responder: DiscordResponder, client: Callable[[], discord.Client | None]
) -> None:
    """Send nothing to guilds from which we were removed while we were away.

    They are known once Discord has told a new client of all guilds that it is in.
    """
    told: discord.Client | None = None
    while True:
        current = client()
        if current is not None and current is not told and current.is_ready():
            async with _logged("ready"):
                for tenant in await responder.subscriptions.tenants("discord"):
                    if tenant.isdigit() and current.get_guild(int(tenant)) is None:
                        log.info("discord.guild_left", guild=tenant)
                        await responder.lifecycle.tenant_lost(
                            "discord", tenant, "I was removed from the server"
                        )
                told = current
        await asyncio.sleep(_UNTIL_READY_SECONDS)


class _GuildEvents:
    def __init__(self, responder: DiscordResponder) -> None:
        self._responder = responder
        self._lifecycle = responder.lifecycle
        self._subscriptions = responder.subscriptions
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        log.info("discord.guild_joined", guild=guild.id)
        async with _logged("guild_join"):
            await self._lifecycle.tenant_back("discord", str(guild.id))
            await self._welcome_once(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Known again: after an outage of Discord, and at every start."""
        async with self._turn, _logged("guild_available"):
            await self._lifecycle.tenant_back("discord", str(guild.id))
            await self._check_guild(guild)
            # Joined while we were away, or told in the other of the two ways.
            joined = guild.me.joined_at if guild.me else None
            if joined and abs(self._responder.clock() - joined) < NEW:
                await self._welcome_once(guild)

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        log.info("discord.guild_unavailable", guild=guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Removed from it: its subscriptions end."""
        log.info("discord.guild_left", guild=guild.id)
        async with _logged("guild_remove"):
            found = self._subscriptions.of_tenant("discord", str(guild.id))
            for subscription in [one async for one in found]:
                await self._subscriptions.remove(subscription.channel)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        async with _logged("channel_delete"):
            if await self._subscriptions.remove(channel_of(channel)):
                log.info("discord.channel_deleted", channel=channel.id)

    async def on_guild_channel_update(
        self, _before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        async with _logged("channel_update"):
            await self._check_channel(channel_of(after))

    async def on_guild_role_update(self, _before: discord.Role, after: discord.Role) -> None:
        async with _logged("role_update"):
            await self._check_guild(after.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        async with _logged("role_delete"):
            await self._check_guild(role.guild)

    async def on_member_update(self, _before: discord.Member, after: discord.Member) -> None:
        """Without the members intent this is told of the bot itself alone."""
        me = after.guild.me
        if me is not None and after.id == me.id:
            async with _logged("member_update"):
                await self._check_guild(after.guild)

    async def _check_guild(self, guild: discord.Guild) -> None:
        found = self._subscriptions.of_tenant("discord", str(guild.id))
        for subscription in [one async for one in found]:
            await self._check_channel(subscription.channel)

    async def _check_channel(self, channel: Channel) -> None:
        """Pause or wake a subscribed channel by what we may do there now."""
        subscription = await self._subscriptions.get(channel)
        if subscription is None:
            return
        try:
            access = await self._responder.messenger.access(channel)
        except DeliveryError:
            return  # the next message will tell
        if access.ok and subscription.paused:
            await self._lifecycle.back(channel)
        elif not access.ok and not subscription.paused:
            log.info("discord.permission_lost", channel=str(channel))
            await self._lifecycle.lost(channel, access.problem)

    async def _welcome_once(self, guild: discord.Guild) -> None:
        """Greet each time we are invited, and only once then, in a channel where we may."""
        name = f"discord/welcome/{guild.id}"
        joined_at = guild.me.joined_at if guild.me else None
        joined = joined_at.isoformat() if joined_at else "unknown"
        keyvalue = self._responder.keyvalue
        if not await self._responder.deduplicator.first(name) or (
            await keyvalue.read(name) == joined
        ):
            return
        await keyvalue.write(name, joined)
        for channel in welcome_channels(guild):
            try:
                key = f"welcome/{guild.id}"
                await self._responder.messenger.say(channel_of(channel), welcome_message(), key)
            except DeliveryError as error:
                log.info("discord.not_welcomed", guild=guild.id, reason=error.reason)
            else:
                return


def channel_of(channel: discord.abc.GuildChannel) -> Channel:
    return Channel("discord", str(channel.guild.id), str(channel.id))


def welcome_channels(guild: discord.Guild) -> list[discord.TextChannel]:
    """Return at most three channels where we may write: the system channel, then from the top."""
    first = [guild.system_channel] if guild.system_channel else []
    channels = list(dict.fromkeys([*first, *guild.text_channels]))
    me = guild.me
    if me is None:
        return channels[:1]
    allowed = [channel.permissions_for(me) for channel in channels]
    return [
        channel
        for channel, may in zip(channels, allowed, strict=True)
        if may.view_channel and may.send_messages and may.embed_links
    ][:3]


def welcome_message() -> Message:
    """Return the first message in a server: the two commands that matter."""
    ask = (Text(f"/{ASK}", code=True), Text(" answers whether it is Claude or you."))
    watch = (
        Text(f"/{MANAGE} subscribe", code=True),
        Text(" tells a channel by itself: one thread per incident, quiet otherwise."),
    )
    return Message(
        "Hello! Two commands matter",
        f"/{ASK} answers whether Claude is down; /{MANAGE} subscribe tells a channel by itself.",
        emoji="👋",
        blocks=(Lines((ask, watch)),),
    )


@asynccontextmanager
async def _logged(name: str) -> AsyncIterator[None]:
    """Log that an event was lost for want of Redis; the next message finds out the same."""
    try:
        yield
    except StoreError as error:
        log.warning("discord.event_lost", type=name, reason=str(error))
