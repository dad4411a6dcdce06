"""Many tenants at once, told by one process without a network: is anything lost, doubled, unfair?

    python -m bench crowd               a fiftieth of what is aimed at
    python -m bench.crowd --scale 1     50,000 workspaces x 14 channels, 300,000 of Discord

Each workspace takes `RATE` messages a second. One large workspace stands among the small ones: how
many of its messages go before theirs?
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
import uvloop
from rich.console import Console

from adapters.redis.store import open_store
from bench.fanout import incident, now, redis_cpu, subscribe
from bot.catalog.catalog_file import load_catalog
from bot.delivery.cache import IncidentCache, MessageCache
from bot.delivery.context import DeliveryContext
from bot.delivery.fanout import FanOut
from bot.delivery.platform_health import PlatformHealth
from bot.delivery.worker import Worker
from bot.domain.incident import Impact, Incident
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.state import State
from bot.domain.subscription import Channel
from bot.messenger import Access, Bucket
from bot.runtime import spare_the_collector
from tests.servers.redis import standalone

WORKSPACES, EACH, DISCORD = 50_000, 14, 300_000
LARGE_NAME = "T!large"
LARGE = 5_000  # channels of the large workspace, at any scale
RATE, BURST = 50.0, 10  # of one workspace
ANSWER = 0.005  # seconds
PATIENCE = 3600.0


@dataclass
class Silent:
    """A messenger that takes everything after a moment, and notes when each channel was told."""

    platform: str
    channel_interval: float = 0.0
    closes_threads: bool = False
    pins: None = None
    rationed: bool = False
    told: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    at: dict[Channel, float] = field(default_factory=dict)

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        del revising
        if self.platform == "discord":
            return ()
        return (Bucket(channel.owner, RATE, BURST),)

    def at_once(self, channel: Channel) -> int:
        del channel
        return 64

    async def open_thread(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        del card, mention
        await asyncio.sleep(ANSWER)
        self.told[key] += 1
        self.order.append(key)
        self.at[channel] = time.monotonic()
        return "1"

    async def reply(
        self,
        channel: Channel,
        root: str,
        card: Message,
        key: str,
        *,
        in_channel: bool = False,
        mention: str | None = None,
    ) -> str:
        raise NotImplementedError

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        raise NotImplementedError

    async def close_thread(self, channel: Channel, root: str) -> None:
        raise NotImplementedError

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        """Return what stands there, as a claim that ended too late is looked at."""
        del channel, root, since
        return {key: "1" for key in keys if key in self.told}

    async def access(self, channel: Channel) -> Access:
        del channel
        return Access(ok=True)

    async def say(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        raise NotImplementedError


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
    searched: int  # claims that ended before they were settled
    cpu: float  # seconds of ours and of Redis
    redis: float


async def tell(redis: str, everyone: Sequence[Channel]) -> Told:
    """Tell everybody of two incidents, and check what each got."""
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
        both = [incident(), minor()]
        fence = await store.incident_store.acquire("claude", "bench")
        assert fence is not None
        cpu, busy, start = time.process_time(), await redis_cpu(store), time.monotonic()
        state = State("claude", both[0].started_at.replace(year=2020), both[0].started_at)
        await store.incident_store.commit(
            "claude", fence=fence, version=0, state=state, changed=both
        )
        fanout.wake()
        wanted = 2 * len(everyone)
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
    before = messengers[0].order[: messengers[0].order.index(mark)]
    return Told(
        seconds,
        told.total(),
        wanted - len(told),
        told.total() - len(told),
        sum("/minor/" in key for key in small[: major[-1]]),
        sum(LARGE_NAME in key for key in before),
        searched,
        spent,
        redis_spent,
    )


def measure(scale: float = 0.02) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    spare_the_collector()
    console = Console(width=110)
    small = [*small_workspaces(scale), *guilds(scale)]
    for what, everyone in (
        ("small ones alone", small),
        (f"with one of {LARGE:,} channels", [*large_workspace(), *small]),
    ):
        console.log(f"{len(everyone):,} channels, two incidents, {what} …")
        with standalone() as node:
            told = uvloop.run(tell(node.url, everyone))
        each, redis = told.cpu / told.messages * 1e6, told.redis / told.messages * 1e6
        console.print(
            f"  {told.messages:,} messages in {told.seconds:.0f} s: lost {told.lost}, doubled "
            f"{told.doubled}, searched {told.searched}; each {each:.0f} µs of ours, {redis:.0f} µs "
            "of Redis"
        )
        console.print(
            f"  small workspaces: {told.out_of_turn:,} minor ones before the last major one; "
            f"{told.before_small:,} of the large one's went before theirs"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0.05)
    measure(parser.parse_args().scale)
