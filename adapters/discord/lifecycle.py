"""What Discord tells of guilds, channels and permissions that come and go.

A guild that is unavailable is Discord's outage: the bot is still in it, and nothing ends.
https://docs.discord.com/developers/events/gateway-events#guilds
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import discord

from adapters.discord.responder import Responder, log
from adapters.discord.words import ASK, MANAGE
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.message import Lines, Message, Text
from bot.domain.subscription import Channel


def listen_to_guilds(client: discord.Client, responder: Responder) -> None:
    """Register the listeners on a client."""
    hear = _Hearing(responder)
    for name in (
        "on_guild_join",
        "on_guild_available",
        "on_guild_remove",
        "on_guild_unavailable",
        "on_guild_channel_delete",
        "on_guild_channel_update",
        "on_guild_role_update",
        "on_guild_role_delete",
        "on_member_update",
    ):
        setattr(client, name, getattr(hear, name))


NEW = timedelta(minutes=10)


def channel_of(place: discord.abc.GuildChannel) -> Channel:
    return Channel("discord", str(place.guild.id), str(place.id))


class _Hearing:
    def __init__(self, responder: Responder) -> None:
        self._desk = responder
        # At a start Discord tells of thousands of guilds within a second.
        self._turn = asyncio.Semaphore(8)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        log.info("discord.guild_joined", guild=guild.id)
        async with _heard("guild_join"):
            await self._desk.reach.tenant_back("discord", str(guild.id))
            await self._welcome_once(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Known again: after an outage of Discord, and at every start."""
        async with self._turn, _heard("guild_available"):
            await self._desk.reach.tenant_back("discord", str(guild.id))
            await self._look_again(guild)
            # Joined while we were away, or told in the other of the two ways.
            joined = guild.me.joined_at if guild.me else None
            if joined and abs(self._desk.clock() - joined) < NEW:
                await self._welcome_once(guild)

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        log.info("discord.guild_unavailable", guild=guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Removed from it: its subscriptions end."""
        log.info("discord.guild_left", guild=guild.id)
        async with _heard("guild_remove"):
            found = self._desk.subscriptions.of_tenant("discord", str(guild.id))
            for subscription in [one async for one in found]:
                await self._desk.subscriptions.remove(subscription.channel)

    async def on_guild_channel_delete(self, place: discord.abc.GuildChannel) -> None:
        async with _heard("channel_delete"):
            if await self._desk.subscriptions.remove(channel_of(place)):
                log.info("discord.channel_deleted", channel=place.id)

    async def on_guild_channel_update(
        self, _before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        async with _heard("channel_update"):
            await self._look(channel_of(after))

    async def on_guild_role_update(self, _before: discord.Role, after: discord.Role) -> None:
        async with _heard("role_update"):
            await self._look_again(after.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        async with _heard("role_delete"):
            await self._look_again(role.guild)

    async def on_member_update(self, _before: discord.Member, after: discord.Member) -> None:
        """Without the members intent this is told of the bot itself alone."""
        me = after.guild.me
        if me is not None and after.id == me.id:
            async with _heard("member_update"):
                await self._look_again(after.guild)

    async def _look_again(self, guild: discord.Guild) -> None:
        found = self._desk.subscriptions.of_tenant("discord", str(guild.id))
        for subscription in [one async for one in found]:
            await self._look(subscription.channel)

    async def _look(self, channel: Channel) -> None:
        """Pause or wake a subscribed channel by what we may do there now."""
        subscription = await self._desk.subscriptions.get(channel)
        if subscription is None:
            return
        try:
            access = await self._desk.messenger.access(channel)
        except DeliveryError:
            return  # the next message will tell
        if access.ok and subscription.paused:
            await self._desk.reach.back(channel)
        elif not access.ok and not subscription.paused:
            log.info("discord.permission_lost", channel=str(channel))
            await self._desk.reach.lost(channel, access.problem)

    async def _welcome_once(self, guild: discord.Guild) -> None:
        """Greet each time we are invited, and only once then."""
        note, joined = f"discord/welcome/{guild.id}", _joined(guild)
        if await self._desk.seen.first(note) and await self._desk.notes.read(note) != joined:
            await self._desk.notes.write(note, joined)
            await self._welcome(guild)

    async def _welcome(self, guild: discord.Guild) -> None:
        """Say what matters, in the channel where it may."""
        for place in _candidates(guild):
            try:
                key = f"welcome/{guild.id}"
                await self._desk.messenger.say(channel_of(place), welcome_message(), key)
            except DeliveryError as error:
                log.info("discord.not_welcomed", guild=guild.id, reason=error.reason)
            else:
                return


def _joined(guild: discord.Guild) -> str:
    joined = guild.me.joined_at if guild.me else None
    return joined.isoformat() if joined else "unknown"


def _candidates(guild: discord.Guild) -> list[discord.TextChannel]:
    """The system channel, then the others from the top: those we may write in, at most three."""
    first = [guild.system_channel] if guild.system_channel else []
    places = list(dict.fromkeys([*first, *guild.text_channels]))
    me = guild.me
    if me is None:
        return places[:1]
    allowed = [place.permissions_for(me) for place in places]
    return [
        place
        for place, may in zip(places, allowed, strict=True)
        if may.view_channel and may.send_messages and may.embed_links
    ][:3]


def welcome_message() -> Message:
    """The first message in a server: the two commands that matter."""
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
async def _heard(name: str) -> AsyncIterator[None]:
    """What is told once and not kept for want of Redis is found out with the next message."""
    try:
        yield
    except StoreError as error:
        log.warning("discord.event_lost", type=name, reason=str(error))
