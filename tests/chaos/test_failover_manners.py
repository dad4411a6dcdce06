"""A primary dies while what falls due at channels' own times is told: each once, and all of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.redis.store import Store
from bot.domain.blindness import Blindness
from bot.domain.digest import DigestTime
from bot.domain.errors import StoreError
from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from bot.domain.quiet import QuietHours
from bot.domain.subscription import Reminder, Subscription
from bot.domain.taker import Escalation
from tests.chaos.failover import FAIL_OVERS, insist
from tests.chaos.story import all_is_up
from tests.clock import StandingClock
from tests.delivery_kit import (
    Bot,
    channels,
    commit,
    incident,
    left,
    running_bot,
    settled,
    until,
    utc_now,
)
from tests.servers.chat import ChatMessenger, ChatServer
from tests.servers.redis import Node

MANY = 8
SLEEPY = channels(MANY, tenant="T1")  # quiet hours, and a digest at their end
EAGER = channels(MANY, tenant="T2")  # somebody is to be called if nobody takes it
WAITING = channels(MANY, tenant="T3")  # people's direct conversations
# Messages by the first word of their key, once all is told.
DUE = Counter(root=MANY, quiet=MANY, digest=MANY, escalate=MANY, blind=2 * MANY, back=MANY)


def told(server: ChatServer) -> Counter[str]:
    """Return how many messages stand there, by what they are about."""
    return Counter(subject_of(message.key) for message in server.messages.values())


def subject_of(key: str) -> str:
    """Read "chat/T1/C0/quiet:…", "chat/T1/C0/claude/x1/root" and "back/…"."""
    if key.endswith("/root"):
        return "root"
    return "back" if key.startswith("back/") else key.split("/")[3].partition(":")[0]


async def night(bot: Bot, now: datetime, end: datetime) -> tuple[Incident, Blindness]:
    """Let something open at night, and all else fall due at its end."""
    dusk = now - timedelta(hours=1)
    quiet, digest = QuietHours(dusk.time(), end.time(), "UTC"), DigestTime(end.time(), "UTC")
    for channel in SLEEPY:
        asked = Subscription(channel, quiet=quiet, digest=replace(digest, since=now))
        await bot.store.subscriptions.put(asked)
    for channel in EAGER:
        await bot.store.subscriptions.put(Subscription(channel, escalation=Escalation(15, "<@U1>")))
    opened = incident(EventKind.OPENED, at=now)
    await commit(bot.store, opened)
    await bot.fanout.read_events()
    bot.worker.wake()
    blindness = Blindness(
        opened.provider, end, end, opened.surfaces, opened.surfaces, Severity.MAJOR
    )
    return opened, blindness


async def look(bot: Bot) -> None:
    for loop in (bot.blindness, bot.schedule, bot.escalation, bot.reminders):
        await loop.queue_due()
    bot.worker.wake()


async def _done(store: Store, server: ChatServer, bot: Bot) -> None:
    await look(bot)
    if told(server).total() < DUE.total() or await left(store):
        raise StoreError("not yet")


@pytest.mark.chaos
@pytest.mark.parametrize("failing_over", FAIL_OVERS)
async def test_a_fail_over_loses_and_doubles_nothing_that_falls_due(
    failing_over: Callable[[], AbstractContextManager[tuple[str, Node]]],
) -> None:
    end = utc_now().replace(microsecond=0) + timedelta(seconds=20)
    clock = StandingClock(end - timedelta(hours=6))
    with failing_over() as (url, primary):
        async with (
            ChatServer() as server,
            ChatMessenger(server.url) as messenger,
            running_bot(
                url, messenger, lease=2.0, reading=False, clock=clock, view=all_is_up
            ) as bot,
        ):
            opened, blindness = await night(bot, clock.now, end)
            await until(lambda: told(server)["root"] == MANY)
            await settled(bot.store)
            for channel in WAITING:
                await bot.store.reminders.add(Reminder(channel, "U1", ("api",), clock.now))
            await commit(bot.store, opened, blindness=blindness)
            clock.now = end
            await look(bot)
            await until(lambda: told(server).total() >= DUE.total() // 2)
            primary.kill()
            async with asyncio.timeout(60):
                await insist(lambda: _done(bot.store, server, bot))
        assert told(server) == DUE
