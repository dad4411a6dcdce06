"""Shards of the gateway shared by replicas: each is held once, and taken over."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from adapters.discord.gateway import hold, make_client, point_at
from adapters.discord.guilds import GuildTable
from adapters.discord.rest import RestClient
from adapters.discord.settings import DiscordSettings
from adapters.discord.shards import ShardSessions
from adapters.redis.client import open_database
from adapters.redis.shards import RedisShards, ShardPart
from bot.domain.errors import StoreError
from tests.contract.discord_bot import quick_starts, running_discord
from tests.delivery_kit import until
from tests.servers.discord import DiscordServer, serve
from tests.servers.redis import Node, standalone

__all__ = ["quick_starts"]  # a fixture
LEASE = 0.3


@pytest.fixture
def redis() -> Iterator[Node]:
    with standalone() as node:
        yield node


@contextlib.asynccontextmanager
async def replicas(
    redis: Node, *names: str, lease: float = 60.0
) -> AsyncIterator[list[RedisShards]]:
    async with contextlib.AsyncExitStack() as stack:
        database = await open_database(redis.url, None)
        stack.push_async_callback(database.close)
        yield [RedisShards(database, name, lease) for name in names]


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


class Replica:
    """The sessions of one replica, and its way to Redis, which can be cut."""

    def __init__(self) -> None:
        self.cut = False
        self.sessions: ShardSessions | None = None

    async def failpoint(self, _point: str) -> None:
        if self.cut:
            raise StoreError("cut off")

    @property
    def shards(self) -> list[int]:
        return sorted(self.sessions.clients) if self.sessions else []


@contextlib.asynccontextmanager
async def replica(server: DiscordServer, redis: Node, name: str) -> AsyncIterator[Replica]:
    made = Replica()
    database = await open_database(redis.url, made.failpoint)
    settings = DiscordSettings(token=server.token, api_url=server.url)
    rest = RestClient(settings, time.monotonic)
    store = RedisShards(database, name, lease=2.0)
    made.sessions = ShardSessions(
        settings, rest, GuildTable(), store, time.monotonic, lambda _client: None
    )
    running = asyncio.create_task(made.sessions.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await rest.close()
        await database.close()


@pytest.mark.usefixtures("quick_starts")
async def test_who_is_cut_off_from_redis_ends_its_sessions_before_others_take_the_shards(
    server: DiscordServer, redis: Node
) -> None:
    gateway = server.gateway
    gateway.shards = gateway.max_concurrency = 2
    async with replica(server, redis, "a") as a, replica(server, redis, "b") as b:
        await until(lambda: (a.shards, b.shards) in (([0], [1]), ([1], [0])), 40.0)
        await until(lambda: gateway.live_shards() == [0, 1])
        a.cut = True
        await until(lambda: b.shards == gateway.live_shards() == [0, 1], 40.0)
        assert a.shards == []
        assert gateway.doubled == 0


async def test_who_is_alone_keeps_its_sessions_without_redis(
    server: DiscordServer, redis: Node
) -> None:
    async with replica(server, redis, "a") as a:
        await until(lambda: server.gateway.live_shards() == [0])
        redis.kill()
        a.cut = True
        await asyncio.sleep(3.0)  # longer than the lease
        assert a.shards == server.gateway.live_shards() == [0]


async def test_where_discord_asks_for_more_shards_all_sessions_begin_anew(
    server: DiscordServer, redis: Node
) -> None:
    gateway = server.gateway
    gateway.max_concurrency = 2
    async with running_discord(server, redis.url):
        gateway.shards = 2
        await gateway.drop(code=4011)
        await until(lambda: gateway.live_shards() == [0, 1], 30.0)
        assert (gateway.doubled, gateway.hasty) == (0, 0)


@pytest.mark.usefixtures("quick_starts")
async def test_what_is_known_of_guilds_outlives_a_session_and_no_more(
    server: DiscordServer, redis: Node
) -> None:
    places = [await server.director.add_guild(name) for name in ("kept", "left")]
    async with running_discord(server, redis.url) as bot:
        guilds = bot.discord.messenger.channels.guilds
        await until(lambda: all(map(guilds.guild, places)))
        before = guilds.guild(places[0])
        server.world.guilds[places[1]].bot_is_in = False
        await server.director.gateway_invalidate()
        await until(lambda: server.gateway.connected == 0)
        assert guilds.guild(places[0]) is before
        await until(lambda: guilds.guild(places[0]) is not before, 30.0)
        assert guilds.guild(places[1]) is None
    assert guilds.guild(places[0]) is None


async def test_a_gateway_that_is_away_is_named_as_such(server: DiscordServer) -> None:
    point_at(server.url, "ws://127.0.0.1:9/")
    client = make_client(0, 1)
    await client.login(server.token)
    with pytest.raises(aiohttp.ClientConnectorError):
        await hold(client)
    await client.close()


async def test_one_replica_holds_all_shards(redis: Node) -> None:
    async with replicas(redis, "a") as (a,):
        assert await a.take(3) == ShardPart(3, 1, 3, frozenset({0, 1, 2}))


async def test_who_comes_later_gets_a_part_once_it_was_given_up(redis: Node) -> None:
    async with replicas(redis, "a", "b") as (a, b):
        await a.take(4)
        assert (await b.take(4)).held == frozenset()
        more = await a.take(4)
        assert (more.share, more.held) == (2, frozenset({0, 1, 2, 3}))
        assert (await b.take(4)).held == frozenset()  # their sessions have not ended yet
        assert (await a.take(4, given_up=[2, 3])).held == {0, 1}
        assert (await b.take(4)).held == {2, 3}


async def test_nobody_gives_up_for_others_what_is_held(redis: Node) -> None:
    async with replicas(redis, "a", "b") as (a, b):
        await a.take(2)
        await b.take(2, given_up=[0, 1])
        assert (await a.take(2)).held == {0, 1}


async def test_the_shards_of_a_replica_that_left_or_died_are_taken_over(redis: Node) -> None:
    async with replicas(redis, "a", "b", lease=LEASE) as (a, b):
        await a.take(2)
        await a.leave()
        assert (await b.take(2)).held == {0, 1}
        while not (held := (await a.take(2)).held):  # noqa: ASYNC110 - until the lease of b ended
            await asyncio.sleep(LEASE / 10)
        assert held == {0, 1}


async def test_all_replicas_count_the_shards_alike_until_discord_refuses_so_few(
    redis: Node,
) -> None:
    async with replicas(redis, "a", "b") as (a, b):
        await a.take(1)
        assert (await b.take(2)).shards == 1
        assert (await b.take(2, force=True)).shards == 2
        assert await a.take(1) == ShardPart(2, 2, 1, frozenset({1}))


async def test_one_session_of_a_group_is_started_at_a_time(redis: Node) -> None:
    async with replicas(redis, "a", "b") as (a, b):
        assert await a.may_identify(0, 60)
        assert not await b.may_identify(0, 60)
        assert await b.may_identify(1, 60)
