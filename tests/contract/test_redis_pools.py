"""What people ask at once does not keep the loops from Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.redis.client import open_database
from adapters.redis.database import CONNECTIONS
from adapters.redis.store import open_stores_of
from bot.domain.errors import StoreError
from bot.settings import Settings
from tests.servers.redis import cluster, standalone


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with standalone() as node:
        yield node.url


async def test_eight_hundred_asks_at_once_leave_the_loops_their_connections(
    redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(redis_url=SecretStr(redis_url), data_dir=tmp_path)
    async with open_stores_of(settings, ["claude"], lambda: None) as stores:
        people = stores.people.database
        asks = [asyncio.create_task(people.call("BLPOP", f"no{n}", 60)) for n in range(800)]
        # Every connection of theirs waits for an answer, and the rest for a connection.
        blocked = 0
        while blocked < CONNECTIONS:
            clients = await stores.loops.database.call("INFO", "clients")
            blocked = int(clients["blocked_clients"])

        fence = await stores.loops.incident_store.acquire("claude", "watcher")
        still_asking = sum(not ask.done() for ask in asks)
        for ask in asks:
            ask.cancel()
        ended = await asyncio.gather(*asks, return_exceptions=True)

    assert fence is not None
    assert still_asking == 800
    assert all(isinstance(one, asyncio.CancelledError | StoreError) for one in ended)


async def test_more_calls_at_once_than_a_cluster_has_connections_wait_their_turn() -> None:
    with cluster(3) as nodes:
        url = nodes[0].url.replace("redis://", "redis+cluster://").removesuffix("/0")
        database = await open_database(url)
        slot = "icd:{slack.3}:paused"
        answers = await asyncio.gather(
            *(database.call("HINCRBY", slot, "n", 1) for _ in range(10 * CONNECTIONS)),
            return_exceptions=True,
        )
        await database.close()
    assert set(answers) == set(range(1, 10 * CONNECTIONS + 1))
