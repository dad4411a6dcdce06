"""I can't see: one line to each channel that is concerned, one when it is over, on a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.cache import MessageCache
from bot.delivery.steps import Act, Step
from bot.domain.blindness import Blindness
from bot.domain.incident import EventKind, Impact, Incident
from bot.domain.page import Severity
from bot.domain.subscription import Subscription
from tests.delivery_kit import (
    Bot,
    channels,
    commit,
    incident,
    running_bot,
    settled,
    utc_now,
)
from tests.servers.chat import ChatMessenger, ChatServer
from tests.servers.redis import Node, standalone

HERE, MUTED, OTHER, PICKY = channels(4)


@pytest.fixture
def node() -> Iterator[Node]:
    with standalone() as one:
        yield one


def lost_from_sight(told: Incident) -> Blindness:
    hit = {"api": Impact(Severity.PARTIAL, Severity.PARTIAL)}
    since = utc_now() - timedelta(minutes=11)
    return Blindness(told.provider, since, utc_now(), hit, hit, Severity.PARTIAL)


async def subscribed(bot: Bot) -> None:
    for one in (
        Subscription(HERE, surfaces=frozenset({"api"})),
        Subscription(MUTED, muted_until=utc_now() + timedelta(hours=1)),
        Subscription(OTHER, surfaces=frozenset({"code"})),
        Subscription(PICKY, severity=Severity.MAJOR),
    ):
        await bot.store.subscriptions.put(one)


async def deliver(bot: Bot) -> None:
    await bot.blindness.queue_due()
    bot.worker.wake()
    await settled(bot.store)


def told(server: ChatServer) -> list[tuple[str, str]]:
    return [(m.channel, m.shown[0]) for m in server.messages.values() if "/blind:" in m.key]


async def test_a_concerned_channel_is_told_once_and_told_once_that_it_is_over(node: Node) -> None:
    outage = incident(EventKind.OPENED, severity=Severity.PARTIAL)
    blindness = lost_from_sight(outage)
    async with ChatServer() as server:
        # Two replicas, and each is started anew in between.
        for seen in (blindness, replace(blindness, ended_at=utc_now())):
            async with (
                ChatMessenger(server.url, "chat") as messenger,
                running_bot(node.url, messenger, reading=False) as bot,
                running_bot(node.url, messenger, reading=False) as replica,
            ):
                if seen is blindness:
                    await subscribed(bot)
                await commit(bot.store, outage, blindness=seen)
                await asyncio.gather(*(deliver(one) for one in (bot, replica, bot)))

        here = f"{HERE.tenant}/{HERE.id}"
        assert told(server) == [(here, "cannot see"), (here, "can see again")]


async def test_who_was_not_told_that_we_cannot_see_is_not_told_that_we_can(node: Node) -> None:
    outage = incident(EventKind.OPENED)
    over = replace(lost_from_sight(outage), ended_at=utc_now())
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "chat") as messenger,
        running_bot(node.url, messenger, reading=False) as bot,
    ):
        await subscribed(bot)
        await commit(bot.store, outage, blindness=over)
        await deliver(bot)
        assert told(server) == []


def test_its_words_say_since_when_and_what_was_known_last() -> None:
    messages = MessageCache(only(load_catalog(), ["claude"]))
    blindness = lost_from_sight(incident(EventKind.OPENED))
    first = messages.of_blindness(Step(Act.SAY, 1), blindness, utc_now())
    assert first.title == "I can't see the status page of Claude"
    assert "11 min" in first.plain
    assert "API partial outage" in first.plain
    over = replace(blindness, ended_at=blindness.since + timedelta(minutes=23))
    second = messages.of_blindness(Step(Act.SAY, 2, part="x"), over, utc_now())
    assert "again" in second.title
    assert "23 min" in second.plain
