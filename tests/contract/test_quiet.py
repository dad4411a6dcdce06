"""Quiet hours over a real Redis and a real queue: put off at night, one message in the morning."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from bot.domain.digest import DigestTime
from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from bot.domain.quiet import QuietHours
from bot.domain.subscription import Subscription
from tests.delivery_kit import Bot, channels, commit, incident, more, running_bot, settled, utc_now
from tests.servers.chat import ChatMessenger, ChatServer
from tests.servers.redis import Node, standalone

HERE, OTHER = channels(2)


@pytest.fixture
def node() -> Iterator[Node]:
    with standalone() as one:
        yield one


class Night:
    """A night that began an hour ago, and bots that live in it."""

    def __init__(self, node: Node, server: ChatServer) -> None:
        self.now = utc_now().replace(microsecond=0)
        self.dusk = self.now - timedelta(hours=1)
        self.dawn = self.now + timedelta(hours=6)
        self.hours = QuietHours(self._clock_time(self.dusk), self._clock_time(self.dawn), "UTC")
        self.node, self.server = node, server

    @staticmethod
    def _clock_time(at: datetime) -> time:
        return at.time().replace(microsecond=0)

    @contextlib.asynccontextmanager
    async def bot(self) -> AsyncIterator[Bot]:
        async with (
            ChatMessenger(self.server.url, "chat") as messenger,
            running_bot(
                self.node.url, messenger, clock=lambda: self.now, reading=False, lease=0.8
            ) as bot,
        ):
            yield bot

    async def subscribe(self, bot: Bot, **more: object) -> None:
        asked = Subscription(HERE, mention="<@U1>", quiet=self.hours)
        await bot.store.subscriptions.put(replace(asked, **more))  # type: ignore[arg-type]
        await bot.store.subscriptions.put(Subscription(OTHER))

    async def happens(self, bot: Bot, told: Incident) -> None:
        await commit(bot.store, told)
        await bot.fanout.read_events()
        await self.deliver(bot)

    async def deliver(self, bot: Bot) -> None:
        await bot.schedule.queue_due()
        bot.worker.wake()
        await settled(bot.store)

    def told(self) -> list[str]:
        here = f"{HERE.tenant}/{HERE.id}"
        return [m.shown[0] for m in self.server.messages.values() if m.channel == here]


async def test_a_night_is_put_off_and_ends_in_one_message_whoever_lives_to_see_it(
    node: Node,
) -> None:
    async with ChatServer() as server:
        night = Night(node, server)
        async with night.bot() as bot:
            await night.subscribe(bot)
            told = incident(EventKind.OPENED, at=night.now, severity=Severity.PARTIAL)
            await night.happens(bot, told)
            assert night.told() == []
            assert len(server.messages) == 1  # the other channel sleeps less
        night.now = night.dawn
        async with night.bot() as one, night.bot() as two:
            for bot in (one, two, one):
                await night.deliver(bot)
            assert night.told() == [f"goes on: {told.key}"]
            (message,) = [m for m in server.messages.values() if "/quiet:" in m.key]
            assert message.mention == "<@U1>"
            night.now += timedelta(hours=1)
            await night.happens(one, more(told, EventKind.UPDATE, at=night.now))
        assert night.told() == [f"goes on: {told.key}", f"root {told.key} r2"]
        night.now = night.dawn + timedelta(days=1)
        async with night.bot() as bot:
            await night.deliver(bot)
            assert len(night.told()) == 2  # a night without news is no message


async def test_what_came_and_went_at_night_is_silence(node: Node) -> None:
    async with ChatServer() as server:
        night = Night(node, server)
        async with night.bot() as bot:
            await night.subscribe(bot)
            told = incident(EventKind.OPENED, at=night.now)
            await night.happens(bot, told)
            await night.happens(bot, more(told, EventKind.RESOLVED, at=night.now))
            night.now = night.dawn
            await night.deliver(bot)
        assert night.told() == []


async def test_a_thread_from_before_goes_on_in_the_morning_without_waking_the_channel(
    node: Node,
) -> None:
    async with ChatServer() as server:
        night = Night(node, server)
        dusk = night.now
        async with night.bot() as bot:
            await night.subscribe(bot)
            night.now = night.dusk - timedelta(minutes=5)
            told = incident(EventKind.OPENED, at=night.now)
            await night.happens(bot, told)
            night.now = dusk
            await night.happens(bot, more(told, EventKind.RESOLVED, at=night.now))
            assert night.told() == [f"root {told.key} r1"]
            night.now = night.dawn
            await night.deliver(bot)
        assert night.told() == [f"root {told.key} r1", "reply u2 r2"]
        (reply,) = [m for m in server.messages.values() if m.key.endswith("C0/claude/x1/u2")]
        assert not reply.in_channel


async def test_except_major_is_told_at_night(node: Node) -> None:
    async with ChatServer() as server:
        night = Night(node, server)
        async with night.bot() as bot:
            await night.subscribe(bot, quiet=replace(night.hours, except_major=True))
            told = incident(EventKind.OPENED, at=night.now, severity=Severity.MAJOR)
            await night.happens(bot, told)
        assert night.told() == [f"root {told.key} r1"]


async def test_hours_that_are_changed_meanwhile_keep_their_own_next_time(node: Node) -> None:
    async with ChatServer() as server:
        night = Night(node, server)
        async with night.bot() as bot:
            await night.subscribe(bot)
            (found,) = await bot.store.timetable.due(utc_now())
            await bot.store.subscriptions.put(Subscription(HERE))  # no quiet hours any more
            await bot.store.timetable.advance(found, night.dawn)
            assert await bot.store.timetable.due(night.dawn) == []
            await night.subscribe(bot)
            night.now += timedelta(minutes=1)
            assert await bot.schedule.queue_due() == 1
            (following,) = await bot.store.timetable.due(night.dawn)
            assert following.at == night.dawn
            await bot.store.subscriptions.remove(HERE)
            assert await bot.store.timetable.due(night.dawn) == []


async def test_a_digest_is_told_once_at_its_time_by_whoever_lives_then(node: Node) -> None:
    async with ChatServer() as server:
        night = Night(node, server)
        when = DigestTime(night.dawn.time(), "UTC", since=night.now)
        asked = Subscription(HERE, digest=when)
        quiet = Subscription(OTHER, digest=when, surfaces=frozenset({"code"}))
        async with night.bot() as bot:
            await bot.store.subscriptions.put(asked)
            await bot.store.subscriptions.put(quiet)
            told = incident(EventKind.OPENED, at=night.now)
            await night.happens(bot, told)
        night.now = night.dawn + timedelta(seconds=1)
        async with night.bot() as one, night.bot() as two:
            for bot in (one, two, one):
                await night.deliver(bot)
        digests = [m for m in server.messages.values() if "/digest:" in m.key]
        assert [(m.channel, m.shown[0]) for m in digests] == [("T1/C0", f"digest: {told.key}")]
        # After some days away it is the last one that comes, and of an empty day nothing.
        night.now = night.dawn + timedelta(days=4, hours=1)
        async with night.bot() as bot:
            await night.deliver(bot)
            await bot.store.subscriptions.put(
                replace(quiet, digest=replace(when, even_if_empty=True))
            )
            night.now += timedelta(days=1)
            await night.deliver(bot)
        digests = [m for m in server.messages.values() if "/digest:" in m.key]
        assert sorted(m.channel for m in digests) == ["T1/C0", "T1/C0", "T1/C0", "T1/C1"]
