"""Redis itself dies: a primary is killed, its replica takes over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from adapters.redis.store import Store
from bot.domain.errors import StoreError
from bot.domain.incident import EventKind, Incident
from tests.chaos.failover import FAIL_OVERS, insist
from tests.chaos.ledger import Ledger
from tests.delivery_kit import channels, commit, incident, left, more, running_bot, subscribe
from tests.servers.chat import ChatMessenger, ChatServer
from tests.servers.redis import Node

CHANNELS = 24


@pytest.mark.chaos
@pytest.mark.parametrize("failing_over", FAIL_OVERS)
async def test_a_fail_over_loses_and_doubles_nothing(
    failing_over: Callable[[], AbstractContextManager[tuple[str, Node]]],
) -> None:
    with failing_over() as (url, primary):
        async with (
            ChatServer() as server,
            ChatMessenger(server.url) as messenger,
            running_bot(url, messenger, lease=2.0) as bot,
        ):
            await subscribe(bot.store, *channels(CHANNELS))
            told = incident(EventKind.OPENED)
            await commit(bot.store, told)
            bot.fanout.wake()
            while len(server.messages) < CHANNELS // 2:  # noqa: ASYNC110 (in the middle of it)
                await asyncio.sleep(0.001)
            primary.kill()
            told = more(told, EventKind.WORSE)
            async with asyncio.timeout(40):
                await insist(lambda: commit(bot.store, told))
                await insist(bot.fanout.sweep)
                await insist(lambda: _done(bot.store, server, told))
        ledger = _ledger(server, told)
        assert ledger.is_clean, ledger


async def _done(store: Store, server: ChatServer, told: Incident) -> None:
    # A root that was sent late shows what came since: such a channel gets no reply.
    if _ledger(server, told).lost or await left(store):
        raise StoreError("not yet")


def _ledger(server: ChatServer, told: Incident) -> Ledger:
    ledger = Ledger()
    for channel in channels(CHANNELS):
        ledger.check(server, channel, told)
    return ledger
