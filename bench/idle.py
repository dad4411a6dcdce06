"""A poll without news, and what runs beside it: what does it cost with so many subscriptions?"""

from __future__ import annotations

import time
from datetime import timedelta

import uvloop

from adapters.redis.store import Store, open_store
from bench.fanout import channels, now, redis_cpu, subscribe
from bench.table import microseconds, progress, row
from bot.delivery.cache import IncidentCache
from bot.delivery.fanout import FanOut
from bot.domain.state import State
from tests.servers.redis import standalone

SIZES = (0, 10_000, 100_000)
POLLS = 500


async def _polls(store: Store) -> tuple[float, float]:
    """Seconds of our processor and of Redis's for one poll, its read of events and its claim."""
    fanout = FanOut(
        "claude", store.incident_store, store.stream, IncidentCache(store.incident_store), now
    )
    fence = await store.incident_store.acquire("claude", "bench")
    assert fence is not None
    began = now()
    version = (await store.incident_store.load("claude")).version
    ours, redis = time.process_time(), await redis_cpu(store)
    for poll in range(POLLS):
        state = State("claude", began, began + timedelta(seconds=poll))
        await store.incident_store.commit(
            "claude", fence=fence, version=version + poll, state=state, changed=[]
        )
        await fanout.read_events()
        await store.queue.claim("slack", 256)
    return (time.process_time() - ours) / POLLS, (await redis_cpu(store) - redis) / POLLS


async def _run() -> None:
    progress("idle: polls without news")
    with standalone() as node:
        async with open_store(node.url) as store:
            before = 0
            for size in SIZES:
                await subscribe(store, channels(size)[before:])
                before = size
                ours, redis = await _polls(store)
                beside = f"Redis {microseconds(redis)}"
                row(f"one poll, {size:,} subscriptions", microseconds(ours), beside)


def measure() -> None:
    uvloop.run(_run())
