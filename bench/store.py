"""Commits on the embedded Redis, beside bare writes of the same size in the same run."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from adapters.providers.statuspage import parse_history, parse_summary, with_history
from adapters.redis import codec
from adapters.redis.embedded.server import embedded_redis
from adapters.redis.store import Store, open_store
from bench.engine import Clock, as_bytes, large_page
from bench.table import per_second, progress, ratio, row
from bot.catalog.catalog_file import load_catalog
from bot.engine.step import step

SECONDS = 2.0


async def count(work: Callable[[], Awaitable[object]]) -> tuple[int, float]:
    """How often it can be done, one after the other."""
    start, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < SECONDS:
        await work()
        done += 1
    return done, spent


async def _measure(store: Store) -> None:
    clock = Clock()
    page = large_page(clock)
    seen = with_history(
        parse_summary(as_bytes(page.summary()), "claude"), parse_history(as_bytes(page.history()))
    )
    state, _ = step(None, seen, clock(), load_catalog())
    body = codec.states.dump(state)
    changed = [next(iter(state.incidents.values()))]
    fence = await store.incident_store.acquire("claude", "bench")
    assert fence is not None
    version = 0

    async def commit(event: bool) -> None:
        nonlocal version
        await store.incident_store.commit(
            "claude", fence=fence, version=version, state=state, changed=changed if event else []
        )
        version += 1

    async def bare() -> None:
        await store.database.call("SET", "bench", body)

    await commit(event=False)
    writes, spent = await count(bare)
    size = f"{len(body) / 1e3:.0f} KB"
    row(f"bare SET of {size}, fsync before the answer", per_second(writes, spent))
    bare_each = spent / writes
    for what, event in (("commit of a state, nothing new", False), ("commit with news", True)):
        commits, spent = await count(lambda event=event: commit(event))  # type: ignore[misc]
        beside = ratio(spent / commits, bare_each, "the bare write")
        row(f"{what} ({size})", per_second(commits, spent), beside)


async def _run() -> None:
    progress("store: an embedded Redis that keeps everything (appendfsync always)")
    with tempfile.TemporaryDirectory(prefix="isd-bench-") as folder:
        async with embedded_redis(Path(folder)) as url, open_store(url) as store:
            await _measure(store)


def measure() -> None:
    asyncio.run(_run())
