"""Many tenants at once, told by one process without a network: is anything lost, doubled, unfair?

    python -m bench crowd               a fiftieth of what is aimed at
    python -m bench.crowd --scale 1     50,000 workspaces x 14 channels, 300,000 of Discord

Each workspace takes `RATE` messages a second. One large workspace stands among the small ones: how
many of its messages go before theirs? And where the machine is not what limits: are small ones told
within twice the time that their own limit takes?
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import psutil
import structlog
import uvloop
from rich.console import Console

from adapters.redis.store import open_store
from bench.fanout import MEGABYTE, incident, now, peak_memory, redis_cpu, subscribe
from bench.silent import BURST, RATE, Silent
from bot.catalog.catalog_file import load_catalog
from bot.delivery.cache import IncidentCache, MessageCache
from bot.delivery.context import DeliveryContext
from bot.delivery.fanout import FanOut
from bot.delivery.platform_health import PlatformHealth
from bot.delivery.worker import Worker
from bot.domain.incident import Impact, Incident
from bot.domain.page import Severity
from bot.domain.state import State
from bot.domain.subscription import Channel
from bot.runtime import spare_the_collector
from tests.servers.redis import standalone

WORKSPACES, EACH, DISCORD = 50_000, 14, 300_000
LARGE_NAME = "T!large"
LARGE = 5_000  # channels of the large workspace, at any scale
# Small workspaces in sight of a large one, while the machine has time for all of them.
FAIR, FAIR_EACH = 20, 100
IDEAL = (FAIR_EACH - BURST) / RATE  # seconds by their own limit
PATIENCE = 3600.0


def small_workspaces(scale: float) -> list[Channel]:
    return [
        Channel("slack", f"T{workspace:05d}", f"C{number}")
        for workspace in range(round(WORKSPACES * scale))
        for number in range(EACH)
    ]


def large_workspace() -> list[Channel]:
    # Its name is the first of all: where the queue went by names, all others would wait.
    return [Channel("slack", LARGE_NAME, f"C{number}") for number in range(LARGE)]


def guilds(scale: float) -> list[Channel]:
    return [Channel("discord", f"G{n // 3}", f"D{n}") for n in range(round(DISCORD * scale))]


def minor() -> Incident:
    """An incident of the same moment that is far less urgent."""
    surfaces = {"code": Impact(Severity.DEGRADED, Severity.DEGRADED)}
    event = replace(incident().events[0], key="u2", severity=Severity.DEGRADED)
    return replace(
        incident(),
        id="minor",
        severity=Severity.DEGRADED,
        worst=Severity.DEGRADED,
        surfaces=surfaces,
        events=(event,),
    )


@dataclass(frozen=True)
class Told:
    """What came of one fan-out to everybody."""

    seconds: float
    messages: int
    lost: int
    doubled: int
    # Messages of the minor incident to small workspaces before the last of the major one there.
    out_of_turn: int
    # Messages of the large workspace that went before 99 of 100 small ones had the major incident.
    before_small: int
    small_in: float  # seconds from the commit until 99 of 100 small ones were told
    searched: int  # claims that ended before they were settled
    cpu: float  # seconds of ours and of Redis
    redis: float
    memory: float  # MB of this process before


async def tell(redis: str, everyone: Sequence[Channel], told_of: Sequence[Incident]) -> Told:
    """Tell everybody of these incidents, the worst first, and check what each got."""
    messengers = [Silent("slack"), Silent("discord")]
    workers: list[Worker] = []

    def queued() -> None:
        for worker in workers:
            worker.wake()

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(redis, queued=queued))
        await subscribe(store, everyone)
        incidents = IncidentCache(store.incident_store)
        for messenger in messengers:
            context = DeliveryContext(
                messenger,
                store.queue,
                store.rate_limiter,
                incidents,
                MessageCache(load_catalog()),
                now,
                random.Random(1),
                PlatformHealth(time.monotonic),
            )
            workers.append(Worker(context))
        fanout = FanOut("claude", store.incident_store, store.stream, incidents, now)
        tasks = [asyncio.create_task(one.run()) for one in workers]
        tasks.append(asyncio.create_task(fanout.run()))
        await asyncio.sleep(1.2)
        fence = await store.incident_store.acquire("claude", "bench")
        assert fence is not None
        memory = psutil.Process().memory_info().rss / MEGABYTE
        cpu, busy, start = time.process_time(), await redis_cpu(store), time.monotonic()
        state = State("claude", told_of[0].started_at.replace(year=2020), told_of[0].started_at)
        await store.incident_store.commit(
            "claude", fence=fence, version=0, state=state, changed=told_of
        )
        fanout.wake()
        wanted = len(told_of) * len(everyone)
        async with asyncio.timeout(PATIENCE):
            while sum(len(one.order) for one in messengers) < wanted:  # noqa: ASYNC110 (the workers)
                await asyncio.sleep(0.1)
        seconds = time.monotonic() - start
        searched = sum(worker.counts.searched for worker in workers)
        spent, redis_spent = time.process_time() - cpu, await redis_cpu(store) - busy
        for worker in workers:
            await worker.stop(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    told = messengers[0].told + messengers[1].told
    small = [key for key in messengers[0].order if LARGE_NAME not in key]
    major = [place for place, key in enumerate(small) if "/bench/" in key]
    # In the order in which all went: where was the last but 1 % of the small ones' major messages?
    mark = small[major[round(len(major) * 0.99) - 1]]
    small_times = sorted(
        at - start for channel, at in messengers[0].at.items() if channel.tenant != LARGE_NAME
    )
    before = messengers[0].order[: messengers[0].order.index(mark)]
    return Told(
        seconds,
        told.total(),
        wanted - len(told),
        told.total() - len(told),
        sum("/minor/" in key for key in small[: major[-1]]),
        sum(LARGE_NAME in key for key in before),
        small_times[round(len(small_times) * 0.99) - 1],
        searched,
        spent,
        redis_spent,
        memory,
    )


def measure(scale: float = 0.02) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    spare_the_collector()
    console = Console(width=110)
    everyone = [*large_workspace(), *small_workspaces(scale), *guilds(scale)]
    console.log(f"{len(everyone):,} channels, two incidents, one workspace of {LARGE:,} …")
    with standalone() as node:
        told = uvloop.run(tell(node.url, everyone, [incident(), minor()]))
    each, redis = told.cpu / told.messages * 1e6, told.redis / told.messages * 1e6
    console.print(
        f"  {told.messages:,} messages in {told.seconds:.0f} s: lost {told.lost}, doubled "
        f"{told.doubled}, searched {told.searched}; each {each:.0f} µs of ours, {redis:.0f} µs of "
        f"Redis; {told.memory:.0f} MB before, at most {peak_memory():.0f} MB (with what is noted "
        "here of each message)"
    )
    console.print(
        f"  small workspaces: {told.out_of_turn:,} minor ones before the last major one; "
        f"{told.before_small:,} of the large one's went before theirs"
    )
    fair = [
        Channel("slack", f"T{workspace:05d}", f"C{number}")
        for workspace in range(FAIR)
        for number in range(FAIR_EACH)
    ]
    with standalone() as node:
        told = uvloop.run(tell(node.url, [*large_workspace(), *fair], [incident()]))
    verdict = "as promised" if told.small_in <= 2 * IDEAL else "MORE THAN PROMISED"
    console.print(
        f"{FAIR} workspaces of {FAIR_EACH} channels beside one of {LARGE:,}: 99 % of theirs in "
        f"{told.small_in:.2f} s, by their own limit {IDEAL:.2f} ({verdict}: at most twice)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0.05)
    measure(parser.parse_args().scale)
