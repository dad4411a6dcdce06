"""Everything that is told unasked, put together as the program does: one of each, by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.redis.store import Store, open_store
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.delivery import platform_health
from bot.delivery.outbox import Outbox
from bot.delivery.platform_health import TROUBLE_AFTER
from bot.domain.blindness import Blindness
from bot.domain.digest import DigestTime
from bot.domain.errors import Uncertain
from bot.domain.incident import EventKind, Impact
from bot.domain.page import Severity
from bot.domain.state import ComponentState, State
from bot.domain.subscription import Channel, Reminder, Subscription
from bot.domain.taker import Escalation, Taker
from bot.evidence.stores import UserReport
from bot.status.service import StatusService
from tests.delivery_kit import commit, incident, more, until, utc_now
from tests.servers.chat import ChatMessenger, ChatServer
from tests.servers.redis import standalone
from tests.unit.messages.examples import spoken

BEDROCK = "bedrock/eu-west-1"
CATALOG = only(load_catalog(), ["claude", BEDROCK])
HERE, THERE = Channel("chat", "T1", "C1"), Channel("chat", "T2", "C2")


class Wordy(ChatMessenger):
    """Sends all that a message says as its title, which the server keeps."""

    async def _post(self, what: str, channel: Channel, card: Any, key: str, **more: Any) -> str:
        said = replace(card, title=spoken(card))
        return await super()._post(what, channel, said, key, **more)


@pytest.fixture
def redis_url() -> Iterator[str]:
    with standalone() as node:
        yield node.url


@contextlib.asynccontextmanager
async def program(url: str, server: ChatServer) -> AsyncIterator[tuple[Store, Outbox]]:
    """The stores, and the outbox over them: not running yet."""
    opened: list[Outbox] = []

    def queued() -> None:
        for outbox in opened:
            outbox.queued()

    async with open_store(url, queued=queued) as store, Wordy(server.url) as messenger:
        kept = timedelta(days=30)
        status = StatusService.over(store, store, CATALOG, utc_now, kept, ("bedrock",))
        opened.append(Outbox(store, status, utc_now, {"chat": "The chat"}))
        opened[0].open_workers([messenger])
        yield store, opened[0]


@contextlib.asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[asyncio.Task[None]]:
    loops = asyncio.create_task(outbox.run())
    yield loops
    assert not loops.done(), "no loop ended"
    await outbox.stop(5.0)
    assert all(worker.context.stopping for worker in outbox.workers.values())
    loops.cancel()
    await asyncio.gather(loops, return_exceptions=True)


async def seen(store: Store, provider: str, surface: str, now: datetime) -> None:
    """A page was read on which a surface is up."""
    fence = await store.incident_store.acquire(provider, "test")
    assert fence is not None
    known = CATALOG.surface(surface)
    assert known is not None
    (component,) = known.components
    up = ComponentState(component, Severity.UP, "operational", now)
    state = State(provider, now - timedelta(days=9), now, components={component: up})
    await store.incident_store.commit(provider, fence=fence, version=0, state=state, changed=[])


def told_in(server: ChatServer, channel: Channel) -> str:
    place = f"{channel.tenant}/{channel.id}"
    found = [one.shown for one in server.messages.values() if one.channel == place]
    return "\n".join(text for shown in found for text in shown)


async def tells(outbox: Outbox, server: ChatServer, channel: Channel, words: str) -> None:
    """Wake the loops until a channel was told this; by themselves they look every 15 s."""
    async with asyncio.timeout(60):
        while words not in told_in(server, channel):
            outbox.committed()
            await asyncio.sleep(0.05)


async def test_each_kind_of_news_finds_its_channel(redis_url: str) -> None:
    async with ChatServer() as server, program(redis_url, server) as (store, outbox):
        now, hour = utc_now(), timedelta(hours=1)
        told = incident(EventKind.OPENED, at=now)
        told = replace(told, started_at=now - hour, timeline=((now - hour, Severity.MAJOR),))
        await seen(store, "claude", "code", now)
        await seen(store, "bedrock", BEDROCK, now)
        for channel in (HERE, THERE):
            digest = DigestTime(time(0), "UTC", even_if_empty=True)
            calls = Escalation(30, "<@U9>")
            await store.subscriptions.put(Subscription(channel, digest=digest, escalation=calls))
        await store.takers.take(HERE.owner, told.key, Taker("U1", "Ada", now))
        await store.evidence.reports.add(UserReport(THERE, "U2", "api"), now)
        direct = Channel("chat", "T1", "D-U1")
        await store.reminders.add(Reminder(direct, "U1", ("code",), now - hour))
        async with running(outbox):
            hit = {"api": Impact(Severity.MAJOR, Severity.MAJOR)}
            lost = Blindness("claude", now - hour, now, hit, hit, Severity.MAJOR)
            await commit(store, told, blindness=lost)
            await tells(outbox, server, THERE, "Nobody is on it")
            for words in ("On it: Ada", "I can't see the status page of Claude", "day: "):
                await tells(outbox, server, HERE, words)
            await tells(outbox, server, direct, "is back")
            await commit(store, more(told, EventKind.RESOLVED))
            await tells(outbox, server, THERE, "text 2")

    assert "reports trouble" in told_in(server, THERE)
    assert "Bedrock" in told_in(server, THERE)
    assert "Nobody is on it" not in told_in(server, HERE)
    assert outbox.workers["chat"].counts.opened == 2


@pytest.mark.parametrize("place", ["chat", "nowhere"])
async def test_an_outage_of_one_platform_is_told_in_the_operators_channel_on_another(
    redis_url: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_health, "CHECK_EVERY", 0.01)
    async with ChatServer() as server, program(redis_url, server) as (_, outbox):
        seconds = iter([0.0, TROUBLE_AFTER])
        outbox.health.monotonic = lambda: next(seconds, TROUBLE_AFTER)
        for _ in range(2):
            outbox.health.report("other", Uncertain("no answer"))
        channel = Channel(place, "T1", "C-ops")
        with capture_logs() as logs:
            telling = asyncio.create_task(outbox.announce_outages(channel))
            await until(lambda: bool(logs))
            if place == "chat":
                await until(lambda: "other seems to be having trouble" in told_in(server, channel))
            telling.cancel()
    assert [line["event"] for line in logs] == ["platform.outage"]
    assert len(server.messages) == (place == "chat")
