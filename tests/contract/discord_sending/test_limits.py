"""Limits: published messages, old messages, the bot's own and each channel's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.discord.messenger import DiscordMessenger
from adapters.redis.client import open_database
from adapters.redis.deferred import RedisDeferred
from bot.domain.errors import (
    ChannelGone,
    RateLimited,
)
from tests.contract.discord_sending.kit import Clock, over, thread_of
from tests.contract.discord_stage import (
    DiscordStage,
    another_messenger,
    discord_stage,
)
from tests.contract.messenger_contract import card
from tests.delivery_kit import until
from tests.servers.discord import DiscordServer, serve
from tests.servers.redis import standalone


async def test_a_published_root_keeps_a_change_for_the_end_and_replies_do_not_wait(
    server: DiscordServer,
) -> None:
    async with discord_stage(server, "ANNOUNCEMENT") as stage:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        message = stage.server.world.channels[int(stage.channel.id)].messages[
            int(root.split("/")[1])
        ]
        await until(lambda: message.published)
        for number in range(5):
            shown = card(f"State {number}")
            await stage.messenger.revise(stage.channel, root, root, shown, "k/root")
        await stage.messenger.reply(stage.channel, root, card("Worse"), "k/1")
        assert "State 0" in message.body["content"]
        assert len(thread_of(stage).messages) == 1
        await stage.messenger.revise(stage.channel, root, root, over(), "k/root")
        assert "resolved" in message.body["content"]


async def test_what_a_limit_put_off_is_done_by_the_next_process(clock: Clock) -> None:
    with standalone() as node:
        async with serve(clock=clock) as server, discord_stage(server, "ANNOUNCEMENT") as stage:
            database = await open_database(node.url)
            store = RedisDeferred(database, "discord", clock)
            await server.director.fault(
                what="ratelimit", method="POST", path=r".*/crosspost", retry_after=1000
            )
            stage.discord.deferred.store = store
            root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
            (message,) = server.world.channels[int(stage.channel.id)].messages.values()
            await until(lambda: any(path.endswith("crosspost") for _, path, *_ in server.requests))
            await stage.discord.close()
            assert not message.published

            clock.ahead += timedelta(hours=1)
            async with another_messenger(server) as second, resuming(second, store):
                await until(lambda: message.published)
                for text in ("State 1", "State 2"):
                    await second.revise(stage.channel, root, root, card(text), "k/root")
            assert "State 1" in message.body["content"]

            clock.ahead += timedelta(hours=1)
            async with another_messenger(server) as third, resuming(third, store):
                await until(lambda: "State 2" in message.body["content"])
                async with asyncio.timeout(60):
                    # Nothing is left, for whatever time.
                    while await store.overdue(-7200):  # noqa: ASYNC110 - in another task
                        await asyncio.sleep(0.01)
            await database.close()


async def test_no_older_state_of_a_published_message_replaces_its_end(clock: Clock) -> None:
    with standalone() as node:
        async with serve(clock=clock) as server, discord_stage(server, "ANNOUNCEMENT") as stage:
            database = await open_database(node.url)
            store = RedisDeferred(database, "discord", clock)
            stage.discord.deferred.store = store
            root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
            (message,) = server.world.channels[int(stage.channel.id)].messages.values()
            await until(lambda: message.published)
            for text in ("State 1", "State 2"):
                await stage.messenger.revise(stage.channel, root, root, card(text), "k/root")
            assert await store.overdue(-7200), "the second waits for its turn"
            await stage.messenger.revise(stage.channel, root, root, over(), "k/root")
            assert "resolved" in message.body["content"]
            assert not await store.overdue(-7200)
            await database.close()


@contextlib.asynccontextmanager
async def resuming(messenger: DiscordMessenger, store: RedisDeferred) -> AsyncIterator[None]:
    messenger.deferred.store = store
    task = asyncio.create_task(messenger.deferred.resume())
    try:
        yield
    finally:
        task.cancel()


async def test_the_line_that_tells_the_end_is_published_too(server: DiscordServer) -> None:
    async with discord_stage(server, "ANNOUNCEMENT") as stage:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        for key, message in (("k/1", card("Worse")), ("k/2", over())):
            await stage.messenger.reply(stage.channel, root, message, key, in_channel=True)
        posted = server.world.channels[int(stage.channel.id)].messages.values()
        await until(lambda: [m.published for m in posted] == [True, False, True])


async def test_changes_of_an_old_message_are_ten_seconds_apart(
    stage: DiscordStage, clock: Clock
) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    clock.ahead = timedelta(hours=2)
    await stage.messenger.revise(stage.channel, root, root, card("A"), "k/root")
    with pytest.raises(RateLimited) as limited:
        await stage.messenger.revise(stage.channel, root, root, card("B"), "k/root")
    assert 0 < limited.value.retry_after <= 10
    assert limited.value.bucket is None


async def test_a_global_limit_is_the_whole_bots_and_another_is_the_channels(
    stage: DiscordStage,
) -> None:
    buckets = []
    for scope in ("user", "shared", "global"):
        await stage.server.director.fault(
            what="ratelimit", method="POST", scope=scope, retry_after=7.5
        )
        with pytest.raises(RateLimited) as limited:
            await stage.messenger.open_thread(stage.channel, card(), f"{scope}/root")
        assert limited.value.retry_after == 7.5
        buckets.append(limited.value.bucket)
    assert buckets == [None, None, "discord/bot"]
    asked = len(stage.server.requests)
    with pytest.raises(RateLimited) as stopped:
        await stage.messenger.open_thread(stage.other, card(), "k/other")
    assert stopped.value.bucket == "discord/bot"
    assert len(stage.server.requests) == asked


async def test_half_of_discords_ban_threshold_stops_everything(server: DiscordServer) -> None:
    async with discord_stage(server, most_invalid=3) as stage:
        await server.director.deny(int(stage.channel.id), "send_messages")
        for _ in range(3):
            with pytest.raises(ChannelGone):
                await stage.messenger.open_thread(stage.channel, card(), "k/root")
        asked = len(server.requests)
        with pytest.raises(RateLimited) as stopped:
            await stage.messenger.open_thread(stage.other, card(), "k/other")
        assert stopped.value.bucket == "discord/bot"
        assert len(server.requests) == asked


async def test_a_refused_token_stops_everything_and_is_nowhere_shown(stage: DiscordStage) -> None:
    server = stage.server
    server.world.token = "another"
    with pytest.raises(RateLimited) as refused:
        await stage.messenger.open_thread(stage.channel, card(), "k/root")
    asked = len(server.requests)
    with pytest.raises(RateLimited):
        await stage.messenger.open_thread(stage.other, card(), "k/root")
    assert len(server.requests) == asked
    assert server.token not in repr(refused.value)


async def test_a_slow_channel_holds_no_other(stage: DiscordStage) -> None:
    path = rf"/channels/{stage.channel.id}/messages"
    await stage.server.director.fault(what="slow", method="POST", path=path, seconds=60)
    slow = asyncio.create_task(stage.messenger.open_thread(stage.channel, card(), "k/root"))
    await asyncio.sleep(0.05)
    await stage.messenger.open_thread(stage.other, card(), "k/other")
    assert not slow.done()
    slow.cancel()
