"""I'm on it: one name for each incident and workspace, on every root; and who is called if none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.redis.forget import forget_person, forget_tenant
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription
from bot.domain.taker import Escalation, Taker
from tests.delivery_kit import (
    Bot,
    channels,
    commit,
    incident,
    more,
    running_bot,
    settled,
    subscribe,
    utc_now,
)
from tests.servers.chat import ChatMessenger, ChatServer
from tests.servers.redis import Node, standalone

HERE, THERE = channels(2)
ELSEWHERE = Channel("chat", "T2", "C9")
ADA = Taker("U1", "Ada", utc_now())
BOB = Taker("U2", "Bob", utc_now())


@pytest.fixture
def node() -> Iterator[Node]:
    with standalone() as one:
        yield one


async def deliver(bot: Bot) -> None:
    await bot.fanout.read_events()
    await bot.escalation.queue_due()
    bot.worker.wake()
    await settled(bot.store)


def roots(server: ChatServer) -> dict[str, str]:
    return {m.channel: m.shown[-1] for m in server.messages.values() if m.key.endswith("/root")}


async def test_two_presses_in_two_replicas_are_one_name_on_every_root_of_the_workspace(
    node: Node,
) -> None:
    told = incident(EventKind.OPENED)
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "chat") as messenger,
        running_bot(node.url, messenger, reading=False) as one,
        running_bot(node.url, messenger, reading=False) as two,
    ):
        await subscribe(one.store, HERE, THERE, ELSEWHERE)
        await commit(one.store, told)
        await deliver(one)
        pressed = await asyncio.gather(
            one.store.takers.take("chat/T1", told.key, ADA),
            two.store.takers.take("chat/T1", told.key, BOB),
        )
        assert pressed[0] == pressed[1]
        for channel in (HERE, THERE, ELSEWHERE):
            await one.store.queue.mark_stale(channel, [told])
        await deliver(two)
        name = f"On it: {pressed[0].name}"
        shown = roots(server)
        assert name in shown["T1/C0"]
        assert name in shown["T1/C1"]
        assert "On it" not in shown["T2/C9"]
        assert await one.store.takers.take("chat/T1", told.key, BOB, over=True) == BOB

        ended = more(told, EventKind.RESOLVED)
        await commit(one.store, ended)
        await deliver(one)
        assert all("On it" not in title for title in roots(server).values())
        assert await one.store.takers.of_incident(told.key) == {}


async def test_what_is_kept_of_a_person_is_erased_with_them(node: Node) -> None:
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "chat") as messenger,
        running_bot(node.url, messenger, reading=False) as bot,
    ):
        takers, database = bot.store.takers, bot.store.database
        await takers.take("chat/T1", "claude/x1", ADA)
        assert await forget_person(database, bot.reports, "chat", "T1", "U2") == 0
        assert await forget_person(database, bot.reports, "chat", "T1", "U1") == 1
        await takers.take("chat/T1", "claude/x1", ADA)
        assert await forget_tenant(database, "chat", "T1") == 1
        assert await takers.of_incident("claude/x1") == {}


@pytest.mark.parametrize("taken", [False, True])
async def test_somebody_is_called_once_where_nobody_takes_a_major_outage(
    node: Node, taken: bool
) -> None:
    now = [utc_now()]
    told = incident(EventKind.OPENED, at=now[0])
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "chat") as messenger,
        running_bot(node.url, messenger, reading=False, clock=lambda: now[0]) as one,
        running_bot(node.url, messenger, reading=False, clock=lambda: now[0]) as two,
    ):
        asked = Subscription(HERE, escalation=Escalation(15, "<@U9>"))
        await one.store.subscriptions.put(asked)
        await commit(one.store, told)
        await deliver(one)
        now[0] += timedelta(minutes=14)
        await deliver(one)
        assert [m.shown[0] for m in server.messages.values() if "escalate" in m.key] == []
        if taken:
            await one.store.takers.take("chat/T1", told.key, ADA)
        now[0] += timedelta(minutes=1)
        await asyncio.gather(deliver(one), deliver(two))
        now[0] += timedelta(minutes=30)
        await deliver(two)
        calls = [m for m in server.messages.values() if "/escalate:" in m.key]
        assert [(m.shown[0], m.mention) for m in calls] == (
            [] if taken else [(f"untaken {told.key}", "<@U9>")]
        )


@pytest.mark.parametrize("severity", [Severity.PARTIAL, Severity.DEGRADED])
async def test_nobody_is_called_for_less_than_a_major_outage(
    node: Node, severity: Severity
) -> None:
    start = utc_now() - timedelta(hours=1)
    told = replace(incident(EventKind.OPENED, severity=severity), started_at=start)
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "chat") as messenger,
        running_bot(node.url, messenger, reading=False) as bot,
    ):
        await bot.store.subscriptions.put(Subscription(HERE, escalation=Escalation(15, "<@U9>")))
        await commit(bot.store, told)
        await deliver(bot)
        assert len(server.messages) == 1
