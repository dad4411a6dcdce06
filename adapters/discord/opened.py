"""Discord, opened: connected, and listening for what people ask."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.discord.platform import Discord, open_discord
from adapters.discord.settings import DiscordSettings
from adapters.redis.keyvalue import RedisDeduplicator, RedisKeyValue
from adapters.redis.store import Store
from bot.catalog.catalog import Catalog
from bot.commands import Commands
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.ports import Clock


@asynccontextmanager
async def listening_discord(
    options: DiscordSettings, store: Store, commands: Commands, catalog: Catalog, clock: Clock
) -> AsyncIterator[Discord]:
    """Raises what `open_discord` raises: the token is not accepted."""
    async with open_discord(options, clock=clock, monotonic=time.monotonic) as discord:
        discord.listen(
            commands,
            subscriptions=store.subscriptions,
            reach=ChannelLifecycle(store.subscriptions, store.queue, clock),
            catalog=catalog,
            seen=RedisDeduplicator(store.database),
            notes=RedisKeyValue(store.database),
        )
        await discord.start()
        yield discord
