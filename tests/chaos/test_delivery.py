"""Delivery end to end: a store, a courier and a platform over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bot.domain.errors import StoreError
from bot.domain.incident import EventKind, Incident
from tests.delivery_kit import (
    Bot,
    channels,
    commit,
    incident,
    more,
    running_bot,
    settled,
    subscribe,
)
from tests.servers.chat import ChatMessenger, ChatServer, Fault
from tests.servers.redis import standalone


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with standalone() as node:
        yield node.url


async def test_an_incident_is_told_from_its_opening_to_its_end(redis_url: str) -> None:
    async with (
        ChatServer() as server,
        ChatMessenger(server.url) as messenger,
        running_bot(redis_url, messenger, reading=False) as bot,
    ):
        (channel,) = channels(1)
        await subscribe(bot.store, channel)
        told = incident(EventKind.OPENED)
        await tell(bot, told)
        told = more(told, EventKind.WORSE, EventKind.UPDATE)
        await tell(bot, told)
        await tell(bot, more(told, EventKind.RESOLVED))
        root, worse, update, resolved = server.thread("T1/C0")

    assert root.shown == ["root claude/x1 r1", "root claude/x1 r3", "root claude/x1 r4"]
    assert [m.root for m in (worse, update, resolved)] == [root.id] * 3
    assert [m.in_channel for m in (worse, update, resolved)] == [True, False, True]
    assert server.closed == [root.id]


async def test_a_channel_that_refuses_is_paused_with_the_reason_and_goes_on_when_woken(
    redis_url: str,
) -> None:
    gone = True
    async with (
        ChatServer(faults=lambda _, __: Fault.GONE if gone else None) as server,
        ChatMessenger(server.url, "gone") as messenger,
        running_bot(redis_url, messenger, provider="pgone", reading=False) as bot,
    ):
        (channel,) = channels(1, "gone")
        await subscribe(bot.store, channel)
        await commit(bot.store, incident(EventKind.OPENED, provider="pgone"))
        await bot.fanout.read_events()
        while bot.worker.attempts or not bot.context.counts.opened:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(0.01)
        found = await bot.store.subscriptions.get(channel)
        assert found is not None
        assert found.paused is not None
        assert found.paused.reason == Fault.GONE
        gone = False
        await bot.store.queue.wake(channel)
        bot.worker.wake()
        await settled(bot.store, "gone")
        found = await bot.store.subscriptions.get(channel)

    assert found is not None
    assert found.paused is None
    assert len(server.messages) == 1


async def test_a_refused_form_is_sent_plainly_once_and_then_parked(redis_url: str) -> None:
    async with (
        ChatServer(faults=lambda _, __: Fault.MALFORMED) as server,
        ChatMessenger(server.url, "form") as messenger,
        running_bot(redis_url, messenger, provider="pform", reading=False) as bot,
    ):
        await subscribe(bot.store, *channels(1, "form"))
        await commit(bot.store, incident(EventKind.OPENED, provider="pform"))
        await bot.fanout.read_events()
        await settled(bot.store, "form")

    assert (bot.context.counts.parked, bot.context.counts.opened) == (1, 2)


async def test_a_courier_that_slept_through_its_lease_sends_nothing_more(redis_url: str) -> None:
    slept: list[str] = []

    async def sleep(point: str) -> None:
        if point == "before messenger.open_thread" and not slept:
            slept.append(point)
            await asyncio.sleep(0.8)  # as a stopped process would, and then go on

    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "late") as messenger,
        running_bot(
            redis_url,
            messenger,
            provider="plate",
            lease=0.6,
            send_seconds=0.2,
            failpoint=sleep,
            reading=False,
        ) as bot,
    ):
        await subscribe(bot.store, *channels(1, "late"))
        await commit(bot.store, incident(EventKind.OPENED, provider="plate"))
        await bot.fanout.read_events()
        await settled(bot.store, "late")

    assert slept
    assert len(server.messages) == 1
    assert bot.context.counts.searched == 1


async def test_a_redis_without_memory_ends_nothing_and_all_is_told_afterwards(
    redis_url: str,
) -> None:
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "full") as messenger,
        running_bot(redis_url, messenger, provider="pfull", lease=1.0) as bot,
    ):
        await subscribe(bot.store, *channels(3, "full"))
        told = incident(EventKind.OPENED, provider="pfull")
        await commit(bot.store, told)
        await bot.store.database.call("CONFIG", "SET", "maxmemory", "1")
        bot.fanout.wake()
        with pytest.raises(StoreError):
            await commit(bot.store, more(told, EventKind.WORSE))
        await asyncio.sleep(0.5)
        await bot.store.database.call("CONFIG", "SET", "maxmemory", "0")
        async with asyncio.timeout(20):
            while len(server.messages) < 3:  # noqa: ASYNC110 (no event)
                await asyncio.sleep(0.02)
        await settled(bot.store, "full")

    assert len(server.messages) == 3
    assert len({message.key for message in server.messages.values()}) == 3


async def tell(bot: Bot, told: Incident) -> None:
    await commit(bot.store, told)
    await bot.fanout.read_events()
    await settled(bot.store)
