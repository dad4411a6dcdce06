"""Several processes on one Redis: they add up, and one takes over from another that was killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psutil
from rich.console import Console
from rich.table import Table

from adapters.redis.queue import depth_of
from adapters.redis.store import Store, open_store
from bench.delivery import sink
from bench.fanout import channels, incident, now, subscribe
from bot.domain.state import State
from tests.servers.redis import Node, cluster, standalone

PATIENCE = 120.0  # seconds
SLOW = 500  # ms that an answer takes: what one process has in flight is then its limit


@contextmanager
def member(
    url: str, redis: str, holder: str, dies_after: int = 0
) -> Iterator[subprocess.Popen[str]]:
    """Run one process, from the moment that it serves."""
    command = [sys.executable, "-m", "bench.member", "--sink", url, "--redis", redis]
    command += ["--holder", holder, "--dies-after", str(dies_after)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


async def tell(store: Store) -> float:
    """Commit an incident; returns the moment."""
    story = incident()
    fence = await store.incident_store.acquire("claude", "bench")
    assert fence is not None
    state = State("claude", story.started_at.replace(year=2020), story.started_at)
    at = time.time()
    await store.incident_store.commit(
        "claude", fence=fence, version=0, state=state, changed=[story]
    )
    return at


async def until_told(store: Store) -> None:
    """Wait until channels are stale, and then until none is any more."""
    async with asyncio.timeout(PATIENCE):
        for some in (True, False):
            while bool((await depth_of(store.database, "slack", now())).channels) is not some:  # noqa: ASYNC110 (others)
                await asyncio.sleep(0.01)


def counted(url: str) -> list[float]:
    """What the sink took and refused since it was last asked, its first and its last moment."""
    with urllib.request.urlopen(url) as answer:
        found: list[float] = json.load(answer)
    return found


@dataclass(frozen=True)
class Added:
    """What so many processes did together."""

    rate: float  # messages a second
    ours: float  # µs of the processors for one message, of all processes
    nodes: Sequence[float]  # the same of each node of Redis


async def added_up(processes: int, count: int, nodes: Sequence[Node], url: str) -> Added:
    """Have so many processes tell of one incident over these nodes."""
    with sink(latency=SLOW) as address, ExitStack() as stack:
        async with open_store(url) as store:
            await subscribe(store, channels(count))
            members = [
                psutil.Process(stack.enter_context(member(address, url, f"p{number}")).pid)
                for number in range(processes)
            ]
            await asyncio.sleep(1.2)  # the first polls and sweeps are behind them
            ours, redis = [sum(one.cpu_times()[:2]) for one in members], [*map(_busy, nodes)]
            start = await tell(store)
            await until_told(store)
            spent = sum(sum(one.cpu_times()[:2]) for one in members) - sum(ours)
            each = [
                (_busy(node) - before) / count for node, before in zip(nodes, redis, strict=True)
            ]
        last = counted(address)[3]
    return Added(count / (last - start), spent / count * 1e6, [one * 1e6 for one in each])


def _busy(node: Node) -> float:
    """Seconds of the processor that a server has used."""
    with node.client() as client:
        found = client.info("cpu")
    return float(found["used_cpu_user"]) + float(found["used_cpu_sys"])


async def taken_over(count: int) -> tuple[float, float]:
    """Kill a process in the middle of a fan-out; returns seconds from the restart to the last
    message, and how many were sent again (the sink cannot be searched).
    """
    with sink(latency=100) as url, standalone() as node:
        async with open_store(node.url) as store:
            await subscribe(store, channels(count))
            with member(url, node.url, "killed", dies_after=count // 2) as process:
                await asyncio.sleep(1.2)
                await tell(store)
                await asyncio.to_thread(process.wait)
            start = time.time()
            before = counted(url)[0]
            with member(url, node.url, "killed"):
                await until_told(store)
        taken, _, _, last = counted(url)
    return last - start, before + taken - count


def measure() -> None:
    console = Console(width=110)
    console.log("1,000 channels, whose process is killed in the middle …")
    seconds, again = asyncio.run(taken_over(1000))
    console.print(f"after a kill: the last of 1,000 is told {seconds:.1f} s after the restart")
    console.print(f"  searched for first, and sent again as the sink finds none: {again:.0f}")
    console.print(_table(console))


def _table(console: Console) -> Table:
    """Processes on one Redis, and on a cluster of three."""
    table = Table(
        "Redis", "processes", "rate", "of one", "ours each", "Redis each", "most of a node"
    )
    for kind in ("one server", "cluster of three"):
        one = 0.0
        for processes in (1, 2, 4):
            console.log(f"{kind}, {processes} processes, answers after {SLOW} ms …")
            with ExitStack() as stack:
                if kind == "one server":
                    nodes = [stack.enter_context(standalone())]
                    url = nodes[0].url
                else:
                    nodes = stack.enter_context(cluster(3))
                    url = "redis+cluster://" + ",".join(f"127.0.0.1:{n.port}" for n in nodes)
                added = asyncio.run(added_up(processes, 8000, nodes, url))
            one = one or added.rate
            figures = (f"{added.rate:,.0f}/s", f"{added.rate / one:.2f}", f"{added.ours:.0f} µs")
            redis = (f"{sum(added.nodes):.0f} µs", f"{max(added.nodes):.0f} µs")
            table.add_row(kind, str(processes), *figures, *redis)
    return table
