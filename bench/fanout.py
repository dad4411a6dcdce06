"""One fan-out of ours in a fresh process, against a running sink.

    python -m bench.fanout --channels N --sink URL --redis URL [--rate R]

Prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import structlog
import uvloop

from adapters.chat.http import open_session
from adapters.redis import codec, keys
from adapters.redis.scripts import SUBSCRIBE
from adapters.redis.store import Store, open_store
from adapters.redis.subscriptions import LIFE
from adapters.slack.client import SlackClients, Workspace
from adapters.slack.messenger import SlackMessenger
from bot.catalog.catalog_file import load_catalog
from bot.delivery.cache import IncidentCache, MessageCache
from bot.delivery.context import DeliveryContext, DeliveryCounts
from bot.delivery.fanout import FanOut
from bot.delivery.platform_health import PlatformHealth
from bot.delivery.worker import Worker
from bot.domain.incident import EventKind, Impact, Incident, IncidentEvent, Origin
from bot.domain.page import Severity
from bot.domain.state import State
from bot.domain.subscription import Channel, Subscription
from bot.runtime import spare_the_collector
from tests.servers.slack.single import SingleWorkspace

CONNECTIONS = 512
MEGABYTE = 1 << 20
TOKEN = "xoxb-bench"


def incident() -> Incident:
    now = datetime.now(UTC)
    text = "We are investigating elevated errors on requests to the Claude API. " * 4
    event = IncidentEvent(
        1, EventKind.OPENED, "u1", now, now, Severity.MAJOR, "investigating", text
    )
    surfaces = {"api": Impact(Severity.MAJOR, Severity.MAJOR)}
    return Incident(
        "claude",
        "bench",
        "Elevated errors",
        "investigating",
        Origin.PROVIDER,
        now,
        Severity.MAJOR,
        Severity.MAJOR,
        surfaces=surfaces,
        events=(event,),
    )


def now() -> datetime:
    return datetime.now(UTC)


def channels(count: int) -> Sequence[Channel]:
    return [Channel("slack", "T1", f"C{number:07d}") for number in range(count)]


@asynccontextmanager
async def messenger(sink: str, rate: float | None) -> AsyncIterator[SlackMessenger]:
    async with open_session(connections=CONNECTIONS, seconds=10) as session:
        workspace = SingleWorkspace(Workspace("T1", TOKEN, "U1"))
        yield SlackMessenger(
            SlackClients(workspace, base_url=sink, session=session),
            monotonic=time.monotonic,
            posts_per_second=rate,
        )


async def subscribe(store: Store, everyone: Sequence[Channel]) -> None:
    """As `Subscriptions.put` does, by the hundred."""
    for platform in {channel.platform for channel in everyone}:
        await store.database.call("SADD", keys.PLATFORMS_KEY, platform)
    for at in range(0, len(everyone), 500):
        calls = []
        for channel in everyone[at : at + 500]:
            wanted = Subscription(channel)
            sets = ",".join(keys.wanted_sets(wanted))
            stored = codec.subscriptions.dump(wanted)
            base = store.database.shards.of(channel)
            calls.append((base, (keys.member(channel), stored, sets, "", LIFE)))
        await store.database.run_many(SUBSCRIBE, calls)


async def redis_bytes(store: Store) -> int:
    info = (await store.database.call("INFO", "memory")) or {}
    return int(info["used_memory"])


async def redis_cpu(store: Store) -> float:
    info = await store.database.call("INFO", "cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


def done(counts: DeliveryCounts) -> int:
    """How many roots were taken."""
    return counts.opened + counts.adopted - counts.refused - counts.failed


async def ours(count: int, sink: str, redis: str, rate: float | None) -> dict[str, Any]:
    workers: list[Worker] = []

    def queued() -> None:
        for worker in workers:
            worker.wake()

    process = psutil.Process()
    async with messenger(sink, rate) as slack, open_store(redis, queued=queued) as store:
        empty = await redis_bytes(store)
        await subscribe(store, channels(count))
        catalog, incidents = load_catalog(), IncidentCache(store.incident_store)
        context = DeliveryContext(
            slack,
            store.queue,
            store.rate_limiter,
            incidents,
            MessageCache(catalog),
            now,
            random.Random(1),
            PlatformHealth(time.monotonic),
        )
        worker = Worker(context)
        workers.append(worker)
        fanout = FanOut("claude", store.incident_store, store.stream, incidents, now)
        await (await slack._clients.of("T1")).ask("auth.test")  # as the program does at its start
        tasks = [asyncio.create_task(worker.run()), asyncio.create_task(fanout.run())]
        await asyncio.sleep(1.2)  # the first polls and sweeps are behind us
        story = incident()
        fence = await store.incident_store.acquire("claude", "bench")
        assert fence is not None
        cpu = sum(process.cpu_times()[:2])
        redis_busy = await redis_cpu(store)
        start = time.time()
        state = State("claude", story.started_at.replace(year=2020), story.started_at)
        await store.incident_store.commit(
            "claude", fence=fence, version=0, state=state, changed=[story]
        )
        fanout.wake()
        while done(context.counts) < count or worker.attempts:  # noqa: ASYNC110 (from outside)
            await asyncio.sleep(0.02)
        result = {
            "start": start,
            "cpu": sum(process.cpu_times()[:2]) - cpu,
            "memory": peak_memory(),
            "redis_each": (await redis_bytes(store) - empty) / count,
            "redis_cpu": await redis_cpu(store) - redis_busy,
            "refused": context.counts.refused,
            "failed": context.counts.failed + context.counts.parked,
        }
        await worker.stop(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return result


def peak_memory() -> float:
    """The most memory this process ever held, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return psutil.Process().memory_info().rss / MEGABYTE


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--sink", required=True)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--rate", type=float, default=None)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    spare_the_collector()  # as the program does
    print(json.dumps(uvloop.run(ours(given.channels, given.sink, given.redis, given.rate))))


if __name__ == "__main__":
    main()
