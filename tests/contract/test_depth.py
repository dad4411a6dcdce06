"""How much waits to be delivered, on a real Redis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adapters.redis.client import open_database
from adapters.redis.queue import Depth, depth_of
from adapters.redis.store import open_store
from tests.servers.redis import standalone

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)


async def test_all_shards_and_classes_are_counted_and_the_oldest_named() -> None:
    with standalone() as node:
        database = await open_database(node.url)
        assert await depth_of(database, "slack", NOW) == Depth(0, 0.0)
        waits = {("slack", 0, 3): 40, ("slack", 1, 9): 90, ("discord", 0, 0): 500}
        for (platform, shard, kind), seconds in waits.items():
            since = int((NOW - timedelta(seconds=seconds)).timestamp() * 1000)
            base = database.shards.base(platform, shard)
            score = f"{kind * 10**13 + since}"
            await database.call("ZADD", f"{base}:ready", score, "T1/C1")
            await database.call("ZADD", f"{base}:later", "9000000000000", "T1/C2")

        assert await depth_of(database, "slack", NOW) == Depth(4, 90.0)
        await database.close()


async def test_a_tenant_that_nothing_is_sent_to_is_counted_once() -> None:
    with standalone() as node:
        async with open_store(node.url) as store:
            for tenant in ("T1", "T2"):
                await store.queue.silence("slack", tenant, "token_revoked")
            assert (await depth_of(store.database, "slack", NOW)).silenced == 2
            assert await store.queue.silenced("slack") == dict.fromkeys(
                ("T1", "T2"), "token_revoked"
            )
            await store.queue.wake_tenant("slack", "T1")
            assert (await depth_of(store.database, "slack", NOW)).silenced == 1
