"""Runners go on while what they sent is being recorded, but not without end, and record it all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.delivery import runners
from bot.domain.incident import EventKind
from bot.domain.subscription import Channel
from tests.delivery_kit import (
    Bot,
    channels,
    commit,
    incident,
    left,
    running_bot,
    settled,
    subscribe,
    until,
)
from tests.servers.chat import ChatMessenger, ChatServer, Fault


class Record:
    """Holds up whatever is to be recorded until `goes_on` is set."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.waits = 0

    async def __call__(self, point: str) -> None:
        if point == "before redis.settle":
            self.waits += 1
            await self.goes_on.wait()


@asynccontextmanager
async def telling(
    redis_url: str, name: str, record: Record
) -> AsyncIterator[tuple[Bot, ChatServer]]:
    """A bot with one runner, which tells six channels of an incident."""
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, name, connections=1) as messenger,
        running_bot(redis_url, messenger, provider=f"p{name}", lease=30, failpoint=record) as bot,
    ):
        await subscribe(bot.store, *channels(6, name))
        await commit(bot.store, incident(EventKind.OPENED, provider=f"p{name}"))
        bot.fanout.wake()
        yield bot, server


async def test_a_runner_sends_on_while_what_it_sent_is_being_recorded(redis_url: str) -> None:
    record = Record()
    async with telling(redis_url, "ahead", record) as (bot, server):
        await until(lambda: len(server.messages) == 6)
        unrecorded = await left(bot.store, "ahead")
        record.goes_on.set()
        await settled(bot.store, "ahead")

    assert unrecorded == 6
    assert len(server.messages) == 6


async def test_no_more_is_sent_than_may_have_to_be_searched_for(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runners, "MOST_UNRECORDED", 2)
    record = Record()
    async with telling(redis_url, "most", record) as (bot, server):
        await until(lambda: len(server.messages) == 3 and record.waits > 0)
        await asyncio.sleep(0.1)  # nothing more comes, however long one waits
        sent = len(server.messages)
        record.goes_on.set()
        await settled(bot.store, "most")

    assert sent == 3
    assert len(server.messages) == 6


async def test_at_the_end_what_was_sent_is_recorded(redis_url: str) -> None:
    record = Record()
    async with telling(redis_url, "end", record) as (bot, server):
        await until(lambda: len(server.messages) == 6)
        stopping = asyncio.create_task(bot.worker.stop(20))
        await until(lambda: bot.context.stopping)
        record.goes_on.set()
        await stopping
        in_flight = bot.worker.attempts
        unrecorded = await left(bot.store, "end")

    assert not in_flight
    assert unrecorded == 0


class Careful(ChatMessenger):
    """Where there are more than seven channels it begins with two."""

    def at_once(self, channel: Channel, ready: int) -> int:
        return 5 if ready <= 7 else 2


@pytest.mark.parametrize(("count", "together"), [(6, 5), (40, 2)])
async def test_how_many_are_sent_at_once_depends_on_how_many_there_are(
    redis_url: str, count: int, together: int
) -> None:
    """Of 40 channels seven have slots: what waits behind them counts as well."""
    platform = f"careful{count}"
    async with (
        ChatServer(faults=lambda *_: Fault.STUCK) as server,
        Careful(server.url, platform) as messenger,
        running_bot(
            redis_url, messenger, provider=f"p{platform}", lease=60, send_seconds=30, slots=8
        ) as bot,
    ):
        await subscribe(bot.store, *channels(count, platform))
        await commit(bot.store, incident(EventKind.OPENED, provider=f"p{platform}"))
        bot.fanout.wake()
        await until(lambda: len(bot.worker.attempts) >= together)
        await asyncio.sleep(0.1)  # nothing more comes, however long one waits
        begun = len(bot.worker.attempts)
        await bot.freeze()

    assert begun == together
