"""Servers that remove the bot while it is away, on Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.redis.store import open_store
from bot.domain.subscription import Channel, Subscription
from tests.contract.discord_bot import running_discord
from tests.servers.discord import DiscordServer, serve
from tests.servers.redis import Node, standalone


@pytest.fixture
def redis() -> Iterator[Node]:
    with standalone() as node:
        yield node


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


async def test_a_server_that_removed_the_bot_while_it_was_away_is_written_to_no_more(
    server: DiscordServer, redis: Node
) -> None:
    left, kept = [await server.director.add_guild(name) for name in ("left", "kept")]
    places = {guild: await server.director.add_channel(guild, "ops") for guild in (left, kept)}
    async with open_store(redis.url) as store:
        for guild, number in places.items():
            await store.subscriptions.put(Subscription(Channel("discord", str(guild), str(number))))
    await server.director.kick_bot(left)
    async with running_discord(server, redis.url) as bot:
        queue = bot.bot.store.queue
        async with asyncio.timeout(20):
            while not (silenced := await queue.silenced("discord")):  # noqa: ASYNC110 - kept in Redis
                await asyncio.sleep(0.02)

        assert set(silenced) == {str(left)}
