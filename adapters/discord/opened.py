"""Discord, opened: connected, and listening for what people ask."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.discord.options import DiscordOptions
from adapters.discord.platform import Discord, open_discord
from adapters.redis.notes import RedisNotes
from adapters.redis.seen import RedisSeen
from adapters.redis.store import Store
from bot.catalog import Catalog
from bot.commands import Commands
from bot.delivery.reach import Reach
from bot.ports import Clock


@asynccontextmanager
async def listening_discord(
    options: DiscordOptions, store: Store, commands: Commands, catalog: Catalog, clock: Clock
) -> AsyncIterator[Discord]:
    """Raises what `open_discord` raises: the token is not accepted."""
    async with open_discord(options, clock=clock, monotonic=time.monotonic) as discord:
        discord.listen(
            commands,
            subscriptions=store.subscriptions,
            reach=Reach(store.subscriptions, store.queue, clock),
            catalog=catalog,
            seen=RedisSeen(store.database),
            notes=RedisNotes(store.database),
        )
        await discord.start()
        yield discord
