"""A Redis that lost everything answers as well as before: it has to be noticed, and said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from adapters.redis.checks import check_redis
from adapters.redis.store import Store, open_store
from bot.domain.checks import CheckResult, Health
from bot.domain.incident import EventKind
from bot.domain.subscription import Channel, Subscription
from tests.delivery_kit import commit, incident
from tests.servers.redis import standalone

CHANNEL = Channel("slack", "T1", "C1")
NOW = datetime(2026, 4, 9, 12, tzinfo=UTC)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    with standalone("--appendonly", "yes") as node:
        async with open_store(node.url) as opened:
            yield opened


async def about_data(store: Store) -> list[CheckResult]:
    return [one async for one in check_redis(store.database, "given") if one.what == "redis data"]


async def test_a_flush_is_noticed_once_said_loudly_and_remembered_for_the_doctor(
    store: Store,
) -> None:
    with capture_logs() as logs:
        assert await store.marker.check(NOW), "the first look knows nothing to compare with"
        assert await store.marker.check(NOW)
        assert await about_data(store) == []
        await store.database.call("FLUSHALL")
        assert not await store.marker.check(NOW)
        assert await store.marker.check(NOW), "it is said once"
    (line,) = logs
    assert (line["event"], line["log_level"]) == ("store.data_lost", "error")
    assert "subscribe again" in line["advice"]
    assert store.marker.lost.is_set()
    (found,) = await about_data(store)
    assert found.health is Health.WARNING
    assert "2026-04-09 12:00 UTC" in found.says
    assert "backup" in found.advice


async def test_who_subscribes_again_after_a_loss_has_its_channel_searched_for_what_stands_there(
    store: Store,
) -> None:
    store.marker.platforms.append(CHANNEL.platform)
    assert await store.marker.check(NOW)
    await store.database.call("FLUSHALL")
    assert not await store.marker.check(NOW)
    running = incident(EventKind.OPENED)
    await commit(store, running)
    await store.subscriptions.put(Subscription(CHANNEL), [running.key])
    (claim,) = (await store.queue.claim(CHANNEL.platform, 8)).claims

    assert claim.lost == (datetime.fromtimestamp(0, UTC), NOW)


async def test_another_process_notices_it_too_although_the_first_wrote_a_new_marker(
    store: Store,
) -> None:
    url = f"unix://{store.database._client.connection_pool.connection_kwargs['path']}"
    async with open_store(url) as other:
        for one in (store, other):
            assert await one.marker.check(NOW)
        await store.database.call("FLUSHALL")
        assert not await store.marker.check(NOW)
        assert not await other.marker.check(NOW)
