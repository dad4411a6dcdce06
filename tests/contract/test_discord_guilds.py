"""What is kept of guilds: a few bytes, enough to know what the bot may do in each channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.redis.store import open_store
from bot.domain.subscription import Channel, Subscription
from bot.messenger import Access
from tests.contract.discord_bot import running_discord
from tests.contract.discord_stage import another_messenger, connected, reads_history
from tests.servers.discord import DiscordServer, serve
from tests.servers.discord.permissions import mask
from tests.servers.discord.world import Overwrite, Role
from tests.servers.redis import Node, standalone

KINDS = ["TEXT", "VOICE", "FORUM", "ANNOUNCEMENT"]


@pytest.fixture
def redis() -> Iterator[Node]:
    with standalone() as node:
        yield node


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


async def channel_in(server: DiscordServer, kind: str = "TEXT") -> Channel:
    guild = await server.director.add_guild()
    number = await server.director.add_channel(guild, "ops", kind)
    return Channel("discord", str(guild), str(number))


async def test_of_a_guild_with_many_channels_discord_py_keeps_nothing(
    server: DiscordServer,
) -> None:
    place = await channel_in(server)
    home = server.world.guilds[int(place.tenant)]
    for n in range(20):
        role = Role(server.world.new_id(), f"role {n}", 0)
        home.roles[role.id] = role
        server.world.new_channel(home, f"channel {n}")
    async with another_messenger(server) as messenger, connected(server, messenger) as client:
        while (kept := messenger.channels.guilds.guild(home.id)) is None:  # noqa: ASYNC110 - told by the gateway
            await asyncio.sleep(0.01)
        assert not client.guilds
        assert len(kept.rows) <= 21 * 20


@pytest.mark.parametrize("kind", KINDS)
async def test_what_the_gateway_told_of_a_channel_is_what_discord_would_answer(
    server: DiscordServer, kind: str
) -> None:
    place = await channel_in(server, kind)
    home, world = server.world.guilds[int(place.tenant)], server.world
    theirs = home.members[world.bot.id][0]
    overwrites = world.channels[int(place.id)].overwrites
    for target, is_member in ((home.id, False), (theirs, False), (world.bot.id, True)):
        overwrites[target] = Overwrite(target, is_member=is_member, deny=mask("embed_links"))
        async with another_messenger(server) as asking, another_messenger(server) as told:
            async with connected(server, told):
                while told.channels.guilds.guild(home.id) is None:  # noqa: ASYNC110 - told by the gateway
                    await asyncio.sleep(0.01)
                lacking = await told.access(place)
            assert "Embed Links" in lacking.problem
            assert await asking.access(place) == lacking
        overwrites[target] = Overwrite(target, is_member=is_member, allow=mask("embed_links"))
    async with another_messenger(server) as asking:
        assert await asking.access(place) == Access(ok=True)


async def test_a_permission_that_changes_is_known_at_once(server: DiscordServer) -> None:
    place = await channel_in(server)
    async with another_messenger(server) as messenger, connected(server, messenger):
        await reads_history(messenger, place, True)
        await server.director.deny(int(place.id), "read_message_history")
        await reads_history(messenger, place, False)


async def test_what_a_new_role_may_do_is_learned(server: DiscordServer) -> None:
    place = await channel_in(server)
    role = server.world.new_id()
    denied = Overwrite(role, is_member=False, deny=mask("read_message_history"))
    server.world.channels[int(place.id)].overwrites[role] = denied
    async with another_messenger(server) as messenger, connected(server, messenger):
        await reads_history(messenger, place, True)
        await server.director.give_role(int(place.tenant), role)
        await reads_history(messenger, place, False)


async def test_a_deleted_channel_is_forgotten(server: DiscordServer) -> None:
    place = await channel_in(server)
    async with another_messenger(server) as messenger, connected(server, messenger):
        await reads_history(messenger, place, True)
        await server.director.delete_channel(int(place.id))
        while (await messenger.access(place)).ok:  # noqa: ASYNC110 - told by the gateway
            await asyncio.sleep(0.01)
        assert "does not exist" in (await messenger.access(place)).problem


async def walks_of_a_start(server: DiscordServer, redis: Node, guilds: int) -> int:
    """Begin a session in so many guilds; return how often Redis walked over what it holds."""
    places = [await channel_in(server) for _ in range(guilds)]
    async with open_store(redis.url) as store:
        for place in places:
            await store.subscriptions.put(Subscription(place))
    with redis.client() as client:
        client.config_resetstat()
        async with running_discord(server, redis.url):
            # All have been looked at, together and one by one, in each part that the queue has.
            while calls(client, "smembers") < 8 * guilds or calls(client, "hscan") < 8:  # noqa: ASYNC110 - it happens in Redis
                await asyncio.sleep(0.02)
        client.flushall()
        return calls(client, "hscan") + calls(client, "scan")


def calls(client: object, command: str) -> int:
    stats = client.info("commandstats")  # type: ignore[attr-defined]  # redis-py's
    return int(stats.get(f"cmdstat_{command}", {}).get("calls", 0))


async def test_a_session_in_more_guilds_walks_no_more_often_over_the_subscriptions(
    server: DiscordServer, redis: Node
) -> None:
    few = await walks_of_a_start(server, redis, 3)
    for guild in server.world.guilds.values():
        guild.bot_is_in = False
    assert await walks_of_a_start(server, redis, 30) == few
