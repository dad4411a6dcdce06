"""When a message may be sent: what stands before it is recorded, and the time suffices."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.incident import EventKind
from tests.contract.delivery.kit import tell
from tests.delivery_kit import (
    channels,
    commit,
    incident,
    more,
    running_bot,
    settled,
    subscribe,
    until,
)
from tests.servers.chat import ChatMessenger, ChatServer


async def test_a_message_is_recorded_before_the_next_one_is_sent(redis_url: str) -> None:
    replies: list[str] = []

    async def crash(point: str) -> None:
        if point == "before messenger.reply":
            replies.append(point)
            if len(replies) == 2:
                await asyncio.Event().wait()

    async with (
        ChatServer() as server,
        ChatMessenger(server.url) as messenger,
        running_bot(redis_url, messenger, failpoint=crash, lease=20.0, reading=False) as bot,
    ):
        (channel,) = channels(1)
        await subscribe(bot.store, channel)
        told = incident(EventKind.OPENED)
        await tell(bot, told)
        told = more(told, EventKind.WORSE, EventKind.UPDATE)
        await commit(bot.store, told)
        await bot.fanout.read_events()
        await until(lambda: len(replies) == 2)
        await bot.freeze()
        record = await bot.store.queue.thread(channel, told.key)

    root, worse = server.thread("T1/C0")
    assert record is not None
    assert record.root == str(root.id)
    assert record.replies == {told.events[1].key: str(worse.id)}


async def test_a_pause_between_messages_of_one_channel_delays_no_other(redis_url: str) -> None:
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "pause", channel_interval=3600) as messenger,
        running_bot(redis_url, messenger, provider="ppause", reading=False) as bot,
    ):
        await subscribe(bot.store, *channels(3, "pause"))
        told = incident(EventKind.OPENED, provider="ppause")
        await commit(bot.store, told)
        await bot.fanout.read_events()
        await settled(bot.store, "pause")
        assert len(server.messages) == 3
        await commit(bot.store, more(told, EventKind.WORSE))
        await bot.fanout.read_events()
        await until(lambda: not bot.worker.attempts)
        await bot.freeze()

    assert len(server.messages) == 3, "each has had its message of this hour"


@pytest.mark.parametrize(
    ("name", "lease", "send_seconds", "stopped"),
    [("short", 2.0, 1.5, 1.0), ("late", 0.6, 0.2, 0.8)],
    ids=["too little is left of it", "it ended while the worker was stopped"],
)
async def test_nothing_is_sent_that_may_be_answered_after_the_lease(
    redis_url: str, name: str, lease: float, send_seconds: float, stopped: float
) -> None:
    """The next one would search before the message stands there, and send it once more."""
    slept: list[str] = []

    async def sleep(point: str) -> None:
        if point == "before messenger.open_thread" and not slept:
            slept.append(point)
            await asyncio.sleep(stopped)

    async with (
        ChatServer() as server,
        ChatMessenger(server.url, name) as messenger,
        running_bot(
            redis_url,
            messenger,
            provider=f"p{name}",
            lease=lease,
            send_seconds=send_seconds,
            failpoint=sleep,
            reading=False,
        ) as bot,
    ):
        await subscribe(bot.store, *channels(1, name))
        await commit(bot.store, incident(EventKind.OPENED, provider=f"p{name}"))
        await bot.fanout.read_events()
        await settled(bot.store, name)

    assert slept
    assert len(server.messages) == 1
    assert bot.context.counts.searched == 1, "it was left to the next claim"
