"""The REST client: turns, limits, and what is known of a call that ended badly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from adapters.discord.errors import DiscordRefused, DiscordUnreachable
from adapters.discord.rest import RestClient
from adapters.discord.settings import DiscordSettings
from adapters.redis.client import open_database
from adapters.redis.rate_limit import RedisRateLimiter
from bot.domain.errors import DeliveryError, RateLimited, Uncertain
from tests.contract.discord_stage import DiscordStage, discord_stage
from tests.contract.messenger_contract import card
from tests.servers.discord import DiscordServer, serve
from tests.servers.discord.limits import GENEROUS, Limits
from tests.servers.redis import standalone

SEND = "/channels/{channel_id}/messages"
THREADS = r"/channels/\d+/(messages/\d+/)?threads"


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


@pytest.fixture
async def rest(server: DiscordServer) -> AsyncIterator[RestClient]:
    settings = DiscordSettings(token=server.token, api_url=server.url)
    client = RestClient(settings, time.monotonic, requests_per_second=None)
    yield client
    await client.close()


@pytest.fixture
async def channel(server: DiscordServer) -> int:
    return await server.director.add_channel(await server.director.add_guild())


def limited(**changes: tuple[int, float]) -> Limits:
    return Limits(**{**{f: getattr(GENEROUS, f) for f in GENEROUS.__slots__}, **changes})


@pytest.mark.parametrize("kind", ["TEXT", "FORUM"])
async def test_a_window_of_minutes_delays_nothing_while_something_is_left_in_it(kind: str) -> None:
    async with (
        serve(limits=limited(threads=(3, 300.0))) as server,
        discord_stage(server, kind) as stage,
    ):
        for number in range(3):
            root = await stage.messenger.open_thread(stage.channel, card(), f"k{number}/root")
            await stage.messenger.reply(stage.channel, root, card("Worse"), f"k{number}/1")
        assert len(server.world.guilds[stage.guild].threads) == 3


async def test_a_post_whose_window_is_used_up_is_not_sent_and_names_the_time() -> None:
    async with (
        serve(limits=limited(threads=(1, 300.0))) as strict,
        discord_stage(strict, "FORUM") as stage,
    ):
        await stage.messenger.open_thread(stage.channel, card(), "k/root")
        asked = len(strict.requests)
        with pytest.raises(RateLimited) as later:
            await stage.messenger.open_thread(stage.channel, card(), "k/2")
        assert 60 < later.value.retry_after <= 300
        assert later.value.bucket is None
        assert len(strict.requests) == asked


async def test_a_root_is_told_though_its_thread_has_to_wait_for_minutes() -> None:
    async with (
        serve(limits=limited(threads=(1, 300.0))) as strict,
        discord_stage(strict) as stage,
    ):
        await stage.messenger.open_thread(stage.channel, card(), "k/root")
        root = await stage.messenger.open_thread(stage.channel, card(), "k/2")
        assert len(messages_in(stage)) == 2
        assert not root.endswith("/t")


async def test_a_limit_of_one_channel_delays_no_other() -> None:
    async with serve(limits=limited(messages=(1, 60.0))) as strict, discord_stage(strict) as stage:
        await stage.messenger.open_thread(stage.channel, card(), "k/root")
        with pytest.raises(RateLimited):
            await stage.messenger.open_thread(stage.channel, card(), "k/2")
        await stage.messenger.open_thread(stage.other, card(), "k/3")


async def test_a_short_window_is_waited_for_within_the_call() -> None:
    async with serve(limits=limited(messages=(2, 0.5))) as strict, discord_stage(strict) as stage:
        for number in range(5):
            await stage.messenger.say(stage.channel, card(), f"k{number}")
        assert len(messages_in(stage)) == 5
        assert strict.invalid_requests == 0


async def test_many_at_once_stay_within_their_bucket() -> None:
    async with serve(limits=limited(messages=(5, 0.5))) as strict, discord_stage(strict) as stage:
        keys = [f"k{number}" for number in range(20)]
        await asyncio.gather(*(stage.messenger.say(stage.channel, card(), key) for key in keys))
        assert len(messages_in(stage)) == 20
        assert strict.invalid_requests == 0


async def test_a_post_without_an_answer_is_uncertain_and_one_that_never_left_is_not(
    server: DiscordServer, rest: RestClient, channel: int
) -> None:
    await server.director.fault(what="drop_after", method="POST")
    with pytest.raises(Uncertain):
        await rest.call("POST", SEND, {"content": "x"}, channel_id=channel)
    await server.director.fault(what="slow", method="POST", seconds=1.0)
    with pytest.raises(Uncertain):
        await rest.call("POST", SEND, {"content": "x"}, seconds=0.3, channel_id=channel)
    nowhere = RestClient(
        DiscordSettings(token="t", api_url="http://127.0.0.1:9/api/v10"), time.monotonic
    )
    with pytest.raises(DiscordUnreachable):
        await nowhere.call("POST", SEND, {"content": "x"}, channel_id=channel)
    await nowhere.close()


async def test_who_waits_behind_a_slow_request_was_not_sent(
    server: DiscordServer, rest: RestClient, channel: int
) -> None:
    await server.director.fault(what="slow", method="POST", seconds=2.0)
    first = asyncio.create_task(rest.call("POST", SEND, {"content": "1"}, channel_id=channel))
    await asyncio.sleep(0.05)
    with pytest.raises(RateLimited):  # the bucket is not known yet: one at a time
        await rest.call("POST", SEND, {"content": "2"}, seconds=0.5, channel_id=channel)
    await first
    assert len(server.world.channels[channel].messages) == 1


@pytest.mark.parametrize("what", ["error", "drop_before", "drop_after"])
async def test_what_may_be_repeated_is_repeated(
    server: DiscordServer, rest: RestClient, channel: int, what: str
) -> None:
    await server.director.fault(what=what, method="GET", status=502)
    assert (await rest.call("GET", "/channels/{channel_id}", channel_id=channel))["id"]
    await server.director.fault(what=what, method="GET", status=502, times=None)
    with pytest.raises(DeliveryError) as away:
        await rest.call("GET", "/channels/{channel_id}", channel_id=channel)
    assert not isinstance(away.value, Uncertain)


async def test_one_401_is_asked_about_before_it_is_believed(
    server: DiscordServer, rest: RestClient, channel: int
) -> None:
    await server.director.fault(what="error", method="POST", status=401)
    with pytest.raises(DeliveryError) as once:
        await rest.call("POST", SEND, {"content": "x"}, channel_id=channel)
    assert not isinstance(once.value, RateLimited)
    await rest.call("POST", SEND, {"content": "x"}, channel_id=channel)


async def test_the_budget_of_refused_requests_is_shared_by_replicas(
    server: DiscordServer, channel: int
) -> None:
    await server.director.deny(channel, "send_messages")
    settings = DiscordSettings(token=server.token, api_url=server.url)
    replicas = [RestClient(settings, time.monotonic, most_invalid=4) for _ in range(3)]
    with standalone() as node:
        database = await open_database(node.url)
        limiter = RedisRateLimiter(database)
        for replica in replicas:
            replica.share_limits(limiter)
            with pytest.raises(DiscordRefused):
                await replica.call("POST", SEND, {"content": "x"}, channel_id=channel)
        asked = len(server.requests)
        with pytest.raises(RateLimited) as stopped:
            await replicas[2].call("POST", SEND, {"content": "x"}, channel_id=channel)
        assert stopped.value.bucket == "discord/bot"
        assert len(server.requests) == asked
        for replica in replicas:
            await replica.close()
        await limiter.close()
        await database.close()


async def test_an_interaction_is_answered_though_everything_else_is_stopped(
    server: DiscordServer, rest: RestClient, channel: int
) -> None:
    server.world.token = "another"
    with pytest.raises(RateLimited):
        await rest.call("POST", SEND, {"content": "x"}, channel_id=channel)
    path = "/interactions/{interaction_id}/{webhook_token}/callback"
    with pytest.raises(DiscordRefused) as unknown:  # it reaches Discord, which knows none of it
        await rest.call("POST", path, {"type": 5}, interaction_id=1, webhook_token="t")
    assert unknown.value.status == 404


def messages_in(stage: DiscordStage) -> list[int]:
    return list(stage.server.world.channels[int(stage.channel.id)].messages)
