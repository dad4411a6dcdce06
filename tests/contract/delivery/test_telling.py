"""Delivery end to end: a store, a worker and a platform over real sockets."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from adapters.redis.stream import RedisEventStream
from bot.domain.errors import StoreError
from bot.domain.incident import EventKind
from tests.contract.delivery.kit import tell
from tests.delivery_kit import (
    channels,
    commit,
    incident,
    left,
    more,
    running_bot,
    settled,
    subscribe,
    until,
)
from tests.servers.chat import ChatMessenger, ChatServer, Fault


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


async def test_events_are_acknowledged_only_once_they_are_queued(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "ack") as messenger,
        running_bot(redis_url, messenger, provider="pack", reading=False) as bot,
    ):
        await subscribe(bot.store, *channels(1, "ack"))
        await commit(bot.store, incident(EventKind.OPENED, provider="pack"))
        with monkeypatch.context() as patched:

            async def fails(*_: object, **__: object) -> int:
                raise StoreError("in the middle of it")

            patched.setattr(RedisEventStream, "enqueue", fails)
            with pytest.raises(StoreError):
                await bot.fanout.read_events()
        assert await left(bot.store, "ack") == 0
        monkeypatch.setattr("adapters.redis.stream.ABANDONED_MS", 0)
        assert await bot.fanout.read_events(abandoned=True), "another process reads them"
        await settled(bot.store, "ack")
        assert not await bot.store.stream.read("pack", abandoned=True)

    assert len(server.messages) == 1


async def test_where_reading_is_rationed_only_what_was_being_sent_is_searched_after_a_crash(
    redis_url: str,
) -> None:
    async with ChatServer() as server, ChatMessenger(server.url, "ration", rationed=True) as chat:
        everyone = channels(6, "ration")
        reached: Counter[str] = Counter()

        async def crash(point: str) -> None:
            """Two of them stop once their message is sent, the others before it is noted."""
            reached[point] += 1
            noting = point == "before redis.sending" and reached[point] > 2
            if noting or point == "after messenger.open_thread":
                await asyncio.Event().wait()

        async with running_bot(
            redis_url, chat, provider="pration", lease=0.8, send_seconds=0.3, failpoint=crash
        ) as bot:
            await subscribe(bot.store, *everyone)
            await commit(bot.store, incident(EventKind.OPENED, provider="pration"))
            bot.fanout.wake()
            await until(lambda: reached["before redis.sending"] == 6)
            await until(lambda: reached["after messenger.open_thread"] == 2)
            await bot.freeze()
        async with running_bot(
            redis_url, chat, provider="pration", lease=0.8, send_seconds=0.3
        ) as bot:
            await settled(bot.store, "ration")
            searched = bot.context.counts.searched

    assert len(server.messages) == 6
    assert searched == 2
