"""Slack, opened: connected, and listening for what people ask."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.redis.store import Store
from adapters.slack.platform import Slack, open_slack
from adapters.slack.settings import SlackSettings
from bot.catalog.catalog import Catalog
from bot.commands import Commands
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.ports import Clock


@asynccontextmanager
async def listening_slack(
    options: SlackSettings, store: Store, commands: Commands, catalog: Catalog, clock: Clock
) -> AsyncIterator[Slack]:
    """Raises what `open_slack` raises: the options cannot work, the token is not accepted."""
    async with open_slack(
        options, store.database, monotonic=time.monotonic, wall=time.time
    ) as slack:
        slack.listen(
            commands,
            subscriptions=store.subscriptions,
            reach=ChannelLifecycle(store.subscriptions, store.queue, clock),
            catalog=catalog,
            clock=clock,
        )
        await slack.start()
        yield slack
