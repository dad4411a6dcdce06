"""The bot on Discord without the page: commands, couriers and a real Redis, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.discord import session_starts, shards
from adapters.discord.platform import Discord, open_discord
from adapters.discord.settings import DiscordSettings
from adapters.redis.deferred import RedisDeferred
from adapters.redis.keyvalue import RedisDeduplicator, RedisKeyValue
from adapters.redis.shards import RedisShards
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.subscription import Channel
from bot.messenger import Messenger
from tests.commands_kit import commands_over
from tests.delivery_kit import CLAUDE, Bot, running_bot, utc_now
from tests.servers.discord import Channel as Place
from tests.servers.discord import DiscordServer


@dataclass
class DiscordBot:
    server: DiscordServer
    discord: Discord
    bot: Bot

    def channel(self, guild: int, place: int) -> Channel:
        return Channel("discord", str(guild), str(place))

    def place(self, number: int) -> Place:
        return self.server.world.channels[number]


@pytest.fixture
def quick_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Session starts half a second apart, where their distance is not what is tested."""
    for module in (session_starts, shards):
        monkeypatch.setattr(module, "GROUP_SECONDS", 0.5)


@contextlib.asynccontextmanager
async def running_discord(server: DiscordServer, redis: str) -> AsyncIterator[DiscordBot]:
    """Connected, its commands registered."""
    options = DiscordSettings(token=server.token, api_url=server.url)
    messengers: dict[str, Messenger] = {}
    async with open_discord(
        options, clock=utc_now, monotonic=time.monotonic, requests_per_second=None
    ) as discord:
        messengers["discord"] = discord.messenger
        async with running_bot(redis, discord.messenger, send_seconds=8.0, lease=20.0) as bot:
            store = bot.store
            commands = commands_over(store.database, messengers, CLAUDE, utc_now)
            discord.listen(
                commands,
                subscriptions=store.subscriptions,
                lifecycle=ChannelLifecycle(store.subscriptions, store.queue, utc_now),
                catalog=CLAUDE,
                deduplicator=RedisDeduplicator(store.database),
                keyvalue=RedisKeyValue(store.database),
                deferred=RedisDeferred(store.database, "discord", utc_now),
                shared_limits=store.rate_limiter,
                shards=RedisShards(store.database, store.holder),
            )
            await discord.start()
            running = asyncio.create_task(discord.run())
            try:
                async with asyncio.timeout(20):
                    await server.gateway.wait_connected(server.gateway.shards)
                    while not server.world.commands:  # noqa: ASYNC110 - another task's request
                        await asyncio.sleep(0.01)
                yield DiscordBot(server, discord, bot)
            finally:
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running
