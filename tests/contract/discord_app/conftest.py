"""A Discord of ours and the app in it, over a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contract.discord_app.kit import Room
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


@pytest.fixture
async def room(server: DiscordServer, redis: Node) -> AsyncIterator[Room]:
    guild = await server.director.add_guild()
    number = await server.director.add_channel(guild, "ops")
    async with running_discord(server, redis.url) as bot:
        yield Room(bot, guild, number)
