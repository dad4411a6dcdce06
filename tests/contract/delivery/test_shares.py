"""Limits of platforms and workspaces: who waits for them, and who does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.delivery.attempt import Attempt
from bot.domain.incident import EventKind, Impact
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription
from bot.messenger import Bucket
from tests.delivery_kit import (
    channels,
    commit,
    incident,
    running_bot,
    subscribe,
    until,
)
from tests.servers.chat import ChatMessenger, ChatServer, Fault


async def test_a_refusal_holds_back_everybody_behind_the_same_limit(redis_url: str) -> None:
    bucket = Bucket("limited/T1", rate=1000.0, burst=100)
    refusals = [Fault.LIMIT]
    async with (
        ChatServer(
            faults=lambda what, _: refusals.pop() if what == "open" and refusals else None,
            retry_after=3600,
        ) as server,
        ChatMessenger(server.url, "limited", bucket=bucket) as messenger,
        running_bot(redis_url, messenger, provider="plimited", reading=False) as bot,
    ):
        first, second = channels(2, "limited")
        await subscribe(bot.store, first)
        told = incident(EventKind.OPENED, provider="plimited")
        await commit(bot.store, told)
        await bot.fanout.read_events()
        await until(lambda: bot.context.counts.refused == 1)
        await until(lambda: not bot.worker.attempts)
        await subscribe(bot.store, second)
        await bot.store.queue.mark_stale(second, [told])
        await until(lambda: not refusals)
        permit = await bot.store.rate_limiter.acquire([bucket])
        now = float((await bot.store.database.call("TIME"))[0]) * 1000

    assert not server.messages
    assert permit.at is not None
    assert permit.at - now > 3_000_000


async def test_a_stuck_workspace_leaves_room_for_the_others(redis_url: str) -> None:
    async with (
        ChatServer(
            faults=lambda _, channel: Fault.STUCK if channel.startswith("T1/") else None
        ) as server,
        ChatMessenger(server.url, "share") as messenger,
        running_bot(
            redis_url, messenger, provider="pshare", lease=60, send_seconds=30, slots=8
        ) as bot,
    ):
        await subscribe(bot.store, *channels(10, "share"))
        told = incident(EventKind.OPENED, provider="pshare")
        await commit(bot.store, told)
        bot.fanout.wake()
        await until(lambda: len(bot.worker.attempts) == 7)
        await subscribe(bot.store, *channels(1, "share", tenant="T2"))
        await bot.store.stream.enqueue(told)
        await until(lambda: len(server.messages) == 1)
        ended = bot.context.counts.failed
        await bot.freeze()

    assert [m.channel for m in server.messages.values()] == ["T2/C0"]
    assert ended == 0, "the stuck calls still hold their slots"


class ByWorkspace(ChatMessenger):
    """Each workspace takes so many messages a second, and no more."""

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        return [Bucket(channel.owner, rate=20.0, burst=1)]


async def test_a_small_workspace_does_not_wait_behind_a_large_one(redis_url: str) -> None:
    """Both wait for their own limits: five messages go while at most some of three hundred do."""
    async with (
        ChatServer() as server,
        ByWorkspace(server.url, "fair") as messenger,
        running_bot(redis_url, messenger, provider="pfair", reading=False) as bot,
    ):
        await subscribe(bot.store, *channels(300, "fair"))
        told = incident(EventKind.OPENED, provider="pfair")
        await commit(bot.store, told)
        await bot.fanout.read_events()
        await until(lambda: len(server.messages) >= 5)  # the large one is in full swing
        small = channels(5, "fair", tenant="T2")
        await subscribe(bot.store, *small)
        await bot.store.stream.enqueue(told)

        def of(tenant: str) -> int:
            return sum(m.channel.startswith(f"{tenant}/") for m in server.messages.values())

        await until(lambda: of("T2") == len(small))
        large = of("T1")
        await bot.freeze()

    # A quarter of a second later at most five more; two hundred would be the queue's order.
    assert large < 200


class Slowly(ChatMessenger):
    """Each workspace takes a message a second."""

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        return [Bucket(channel.owner, rate=1.0, burst=1)]


async def test_a_major_outage_does_not_wait_behind_what_is_less_severe(redis_url: str) -> None:
    """In one workspace, which takes a message a second: fifty minor ones wait for their turn."""
    async with (
        ChatServer() as server,
        Slowly(server.url, "grave") as messenger,
        running_bot(redis_url, messenger, provider="pgrave", reading=False) as bot,
    ):
        everyone = channels(53, "grave")
        for channel in everyone[:50]:
            await bot.store.subscriptions.put(Subscription(channel, surfaces=frozenset({"code"})))
        minor = incident(
            EventKind.OPENED, provider="pgrave", id_="minor", severity=Severity.DEGRADED
        )
        minor = replace(minor, surfaces={"code": Impact(Severity.DEGRADED, Severity.DEGRADED)})
        major = incident(EventKind.OPENED, provider="pgrave", id_="major")
        await commit(bot.store, minor)
        await bot.fanout.read_events()
        await until(lambda: len(server.messages) >= 1, 60)  # all of them asked for their turn
        await subscribe(bot.store, *everyone[50:])
        await commit(bot.store, major)
        await bot.fanout.read_events()

        def told(id_: str) -> int:
            return sum(f"/{id_}/" in message.key for message in server.messages.values())

        await until(lambda: told("major") == 3, 60)
        before = told("minor")
        await bot.freeze()

    assert before < 25, "those of two seconds, and what went until the major ones were known"


@pytest.mark.parametrize(("crowded", "told"), [(True, ["major"]), (False, ["major", "minor"])])
async def test_what_is_less_severe_waits_while_others_wait_for_the_major_outage(
    redis_url: str, crowded: bool, told: list[str]
) -> None:
    platform = f"both{len(told)}"
    minor = incident(
        EventKind.OPENED, provider="pboth", id_=f"minor{crowded}", severity=Severity.DEGRADED
    )
    major = incident(EventKind.OPENED, provider="pboth", id_=f"major{crowded}")
    async with (
        ChatServer() as server,
        ChatMessenger(server.url, platform) as messenger,
        running_bot(redis_url, messenger, provider="pboth", reading=False) as bot,
    ):
        await bot.freeze()  # what a runner does is done here
        await subscribe(bot.store, *channels(1, platform))
        for one in (minor, major):
            await commit(bot.store, one)
            await bot.store.stream.enqueue(one)
        bot.context.crowded = crowded
        (claim,) = (await bot.store.queue.claim(platform, 64)).claims
        settlement = await Attempt(bot.context, claim).run()
        assert settlement is not None
        assert await bot.store.queue.settle(settlement)
        left = (await bot.store.queue.claim(platform, 64)).claims

    ids = [message.key.split("/")[-2] for message in server.messages.values()]
    assert ids == [f"{id_}{crowded}" for id_ in told]
    assert [one.subject for claim in left for one in claim.pending] == [minor.key] * crowded
