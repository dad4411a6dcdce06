"""Guilds, channels and permissions that come and go: what that means for subscriptions.

A guild that is unavailable is Discord's outage: the bot is still in it, and nothing ends.
https://docs.discord.com/developers/events/gateway-events#guilds
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from adapters.discord.command_names import ASK, MANAGE
from adapters.discord.events import Arrival
from adapters.discord.guilds import shard_of
from adapters.discord.responder import DiscordResponder, log
from adapters.discord.settings_form import ACTION, PICK
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.message import Button, Lines, Message, Text
from bot.domain.subscription import Channel, Subscription

# Who joined a guild so recently was not welcomed yet, perhaps: a guess.
NEW: Final = timedelta(minutes=10)
# At a start Discord tells of thousands of guilds within a second; so many are checked at once.
_AT_ONCE: Final = 8


class GuildLifecycle:
    """Carries over to subscriptions what happens to guilds: a `GuildListener`."""

    def __init__(self, responder: DiscordResponder) -> None:
        self._responder = responder
        self._lifecycle = responder.lifecycle
        self._subscriptions = responder.subscriptions
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def guilds_listed(self, guilds: Set[str], shard: int, shards: int) -> None:
        """Send nothing to guilds from which we were removed while we were away."""
        async with _logged("ready"):
            lost = await self._lifecycle.lost_tenants("discord")
            for tenant in lost.keys() & guilds:
                await self._lifecycle.tenant_back("discord", tenant)
            for tenant in await self._subscriptions.tenants("discord"):
                ours = tenant.isdigit() and shard_of(int(tenant), shards) == shard
                if ours and tenant not in guilds and tenant not in lost:
                    log.info("discord.guild_left", guild=tenant)
                    reason = "I was removed from the server"
                    await self._lifecycle.tenant_lost("discord", tenant, reason)

    async def guild_joined(self, arrival: Arrival) -> None:
        log.info("discord.guild_joined", guild=arrival.guild)
        async with _logged("guild_join"):
            await self._lifecycle.tenant_back("discord", arrival.guild)
            await self._welcome_once(arrival)

    async def guild_available(self, arrival: Arrival) -> None:
        """Known again: after an outage of Discord, and at every start."""
        async with self._turn, _logged("guild_available"):
            if await self._lifecycle.is_lost("discord", arrival.guild):
                await self._lifecycle.tenant_back("discord", arrival.guild)
            await self._check_guild(arrival.guild)
            # Joined while we were away, or told in the other of the two ways.
            joined_at = arrival.joined_at
            if joined_at and abs(self._responder.clock() - joined_at) < NEW:
                await self._welcome_once(arrival)

    async def guild_removed(self, guild: str) -> None:
        """Removed from it: its subscriptions end."""
        log.info("discord.guild_left", guild=guild)
        async with _logged("guild_remove"):
            found = self._subscriptions.of_tenant("discord", guild)
            for subscription in [one async for one in found]:
                await self._subscriptions.remove(subscription.channel)

    async def channel_deleted(self, guild: str, channel: str) -> None:
        async with _logged("channel_delete"):
            if await self._subscriptions.remove(Channel("discord", guild, channel)):
                log.info("discord.channel_deleted", channel=channel)

    async def channel_changed(self, guild: str, channel: str) -> None:
        async with _logged("channel_update"):
            if known := await self._subscriptions.get(Channel("discord", guild, channel)):
                await self._check_access(known)

    async def rights_changed(self, guild: str) -> None:
        async with _logged("rights_changed"):
            await self._check_guild(guild)

    async def _check_guild(self, guild: str) -> None:
        found = self._subscriptions.of_tenant("discord", guild)
        for subscription in [one async for one in found]:
            await self._check_access(subscription, try_now=True)

    async def _check_access(self, subscription: Subscription, *, try_now: bool = False) -> None:
        """Pause or wake a subscribed channel by what we may do there now.

        `try_now`: do not wait any longer for the next attempt either, if there was a failed one.
        """
        channel = subscription.channel
        try:
            access = await self._responder.messenger.access(channel)
        except DeliveryError:
            return  # the next message will tell
        if access.ok and (subscription.paused or try_now):
            await self._lifecycle.back(channel)
        elif not access.ok and not subscription.paused:
            log.info("discord.permission_lost", channel=str(channel))
            await self._lifecycle.lost(channel, access.problem)

    async def _welcome_once(self, arrival: Arrival) -> None:
        """Greet each time we are invited, and only once then, in a channel where we may."""
        name = f"discord/welcome/{arrival.guild}"
        joined = arrival.joined_at.isoformat() if arrival.joined_at else "unknown"
        keyvalue = self._responder.keyvalue
        if not await self._responder.deduplicator.first(name) or (
            await keyvalue.read(name) == joined
        ):
            return
        await keyvalue.write(name, joined)
        for channel in arrival.channels:
            try:
                key, there = f"welcome/{arrival.guild}", Channel("discord", arrival.guild, channel)
                await self._responder.messenger.say(there, welcome_message(), key)
            except DeliveryError as error:
                log.info("discord.not_welcomed", guild=arrival.guild, reason=error.reason)
            else:
                return


def welcome_message() -> Message:
    """Return the first message in a server: the two commands that matter, as clicks too."""
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
        buttons=(
            Button("subscribe", "Subscribe this channel", primary=True),
            Button(ACTION, "Another channel…", PICK),
            Button("details", "Is it down?"),
        ),
    )


@asynccontextmanager
async def _logged(name: str) -> AsyncIterator[None]:
    """Log that an event was lost for want of Redis; the next message finds out the same."""
    try:
        yield
    except StoreError as error:
        log.warning("discord.event_lost", type=name, reason=str(error))
