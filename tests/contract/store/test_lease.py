"""What the watcher's lease promises: one holder, and numbers that only grow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.redis import keys
from adapters.redis.store import Store, open_store
from tests.servers.redis import standalone


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with standalone() as node:
        yield node.url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as opened:
        yield opened


async def test_nobody_gives_back_the_lease_of_another(store: Store) -> None:
    assert await store.incident_store.acquire("mine", "a")
    await store.incident_store.release("mine", "b")
    assert await store.incident_store.acquire("mine", "b") is None


async def test_a_holder_that_dies_is_followed_in_seconds(store: Store) -> None:
    assert await store.incident_store.acquire("dies", "a")
    left = await store.database.call("PTTL", f"{keys.provider('dies')}:lease")
    assert 0 < left <= keys.LEASE_MS


async def test_a_number_that_a_fail_over_lost_is_given_to_nobody_else(store: Store) -> None:
    seconds, micros = await store.database.call("TIME")
    first = await store.incident_store.acquire("lost", "a")
    assert first is not None
    assert first >= int(seconds) * 1000 + int(micros) // 1000, "from the clock"
    base = keys.provider("lost")
    await store.database.call("DEL", f"{base}:lease", f"{base}:fence")
    second = await store.incident_store.acquire("lost", "b")
    assert second is not None
    assert second >= first
