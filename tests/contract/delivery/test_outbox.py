"""Everything that is told unasked, put together as the program does: one of each, by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from adapters.redis.store import Store, open_store
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.outbox import Outbox
from bot.domain.blindness import Blindness
from bot.domain.digest import DigestTime
from bot.domain.incident import EventKind, Impact
from bot.domain.page import Severity
from bot.domain.state import ComponentState, State
from bot.domain.subscription import Channel, Reminder, Subscription
from bot.domain.taker import Escalation, Taker
from bot.evidence.stores import UserReport
from bot.status.service import StatusService
from tests.delivery_kit import commit, incident, more, until
from tests.servers.chat import ChatMessenger, ChatServer
from tests.servers.redis import standalone
from tests.unit.messages.examples import spoken

BEDROCK = "bedrock/eu-west-1"
CATALOG = only(load_catalog(), ["claude", BEDROCK])
NOW = datetime.now(UTC)
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
        clock = lambda: datetime.now(UTC)  # noqa: E731
        kept = timedelta(days=30)
        status = StatusService.over(store, store, CATALOG, clock, kept, ("bedrock",))
        opened.append(Outbox(store, status, clock, {"chat": "The chat"}))
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


async def seen(store: Store, provider: str, surface: str) -> None:
    """A page was read on which a surface is up."""
    fence = await store.incident_store.acquire(provider, "test")
    assert fence is not None
    known = CATALOG.surface(surface)
    assert known is not None
    (component,) = known.components
    up = ComponentState(component, Severity.UP, "operational", NOW)
    state = State(provider, NOW - timedelta(days=9), NOW, components={component: up})
    await store.incident_store.commit(provider, fence=fence, version=0, state=state, changed=[])


def told_in(server: ChatServer, channel: Channel) -> str:
    place = f"{channel.tenant}/{channel.id}"
    found = [one.shown for one in server.messages.values() if one.channel == place]
    return "\n".join(text for shown in found for text in shown)


async def test_each_kind_of_news_finds_its_channel(redis_url: str) -> None:
    async with ChatServer() as server, program(redis_url, server) as (store, outbox):
        hour = timedelta(hours=1)
        told = incident(EventKind.OPENED, at=NOW)
        told = replace(told, started_at=NOW - hour, timeline=((NOW - hour, Severity.MAJOR),))
        await seen(store, "claude", "code")
        await seen(store, "bedrock", BEDROCK)
        for channel in (HERE, THERE):
            digest = DigestTime(time(0), "UTC", even_if_empty=True)
            calls = Escalation(30, "<@U9>")
            await store.subscriptions.put(Subscription(channel, digest=digest, escalation=calls))
        await store.takers.take(HERE.owner, told.key, Taker("U1", "Ada", NOW))
        await store.evidence.reports.add(UserReport(THERE, "U2", "api"), NOW)
        direct = Channel("chat", "T1", "D-U1")
        await store.reminders.add(Reminder(direct, "U1", ("code",), NOW - hour))
        async with running(outbox):
            hit = {"api": Impact(Severity.MAJOR, Severity.MAJOR)}
            lost = Blindness("claude", NOW - hour, NOW, hit, hit, Severity.MAJOR)
            await commit(store, told, blindness=lost)
            outbox.committed()
            await until(lambda: "Nobody is on it" in told_in(server, THERE))
            for words in ("On it: Ada", "I can't see the status page of Claude", "day: "):
                await until(lambda words=words: words in told_in(server, HERE))  # type: ignore[misc]
            await until(lambda: "is back" in told_in(server, direct))
            await commit(store, more(told, EventKind.RESOLVED))
            outbox.committed()
            await until(lambda: "text 2" in told_in(server, THERE))

    assert "reports trouble" in told_in(server, THERE)
    assert "Bedrock" in told_in(server, THERE)
    assert "Nobody is on it" not in told_in(server, HERE)
    assert outbox.workers["chat"].counts.opened == 2
