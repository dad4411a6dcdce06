"""All measurements, as ratios within one run: python -m bench [--quick]."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from adapters.redis.store import open_store
from bench.fanout import incident
from bot.engine.state import State
from tests.servers.redis import standalone

LONGEST = 900  # seconds for one measurement


@contextlib.contextmanager
def sink(latency: int = 0, limit: int = 0) -> Iterator[str]:
    """Run the server that takes the posts, on the other core."""
    command = [sys.executable, "-m", "bench.sink", "--latency", str(latency), "--limit", str(limit)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/api/"
        finally:
            process.kill()


def fan_out(what: str, channels: int, url: str, rate: float | None = None) -> dict[str, Any]:
    """Measure one fan-out in a fresh process with a fresh Redis."""
    with standalone() as node:
        command = [sys.executable, "-m", "bench.fanout", what, "--channels", str(channels)]
        command += ["--sink", url, "--redis", node.url]
        if rate:
            command += ["--rate", str(rate)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=LONGEST, check=True
        )
    result: dict[str, Any] = json.loads(done.stdout)
    with urllib.request.urlopen(url) as answer:
        taken, refused, first, _ = json.load(answer)
    result |= {"taken": taken, "refused": refused, "rate": channels / result["seconds"]}
    result["first_ms"] = (first - result.get("start", first)) * 1000
    return result


def fan_outs(sizes: list[int], console: Console) -> Table:
    table = Table(
        "channels", "latency", "rate", "bare", "of bare", "first", "CPU each", "MB", "Redis each"
    )
    for latency in (0, 100):
        with sink(latency) as url:
            for size in sizes:
                console.log(f"fan-out to {size} channels, {latency} ms …")
                bare = fan_out("bare", min(size, 5000), url)["rate"]
                ours = fan_out("ours", size, url)
                table.add_row(
                    f"{size:,}",
                    f"{latency} ms",
                    f"{ours['rate']:,.0f}/s",
                    f"{bare:,.0f}/s",
                    f"{ours['rate'] / bare:.0%}",
                    f"{ours['first_ms']:.0f} ms",
                    f"{ours['cpu'] / size * 1e6:.0f} µs",
                    f"{ours['memory']:.0f}",
                    f"{ours['redis_each']:.0f} B",
                )
    return table


def limited(console: Console) -> Table:
    console.log("500 channels behind a limit of 50/s …")
    with sink(limit=50) as url:
        ours = fan_out("ours", 500, url, rate=49.0)
    table = Table("500 channels behind 50/s", "allowed", "refused")
    table.add_row(f"{ours['seconds']:.1f} s", "10.0 s", f"{ours['refused'] / 500:.1%}")
    return table


def store(console: Console) -> Table:
    console.log("commits beside bare writes …")
    with standalone("--appendonly", "yes", "--appendfsync", "always") as node:
        bare, commits = asyncio.run(_commits(node.url))
    table = Table("commits", "bare SETs of the same size", "of bare")
    table.add_row(f"{commits:,.0f}/s", f"{bare:,.0f}/s", f"{commits / bare:.0%}")
    return table


async def _commits(url: str) -> tuple[float, float]:
    told, now = incident(), datetime.now(UTC)
    async with open_store(url) as opened:
        fence = await opened.journal.acquire("claude", "bench")
        assert fence is not None
        state = State("claude", now, now, incidents={told.id: told})
        body = "x" * 4000
        start = time.perf_counter()
        for number in range(1000):
            await opened.database.call("SET", f"bench:{number}", body)
        bare = 1000 / (time.perf_counter() - start)
        start = time.perf_counter()
        for number in range(1000):
            await opened.journal.commit(
                "claude",
                fence=fence,
                version=number,
                state=replace(state, observed_at=datetime.now(UTC)),
                changed=[told],
            )
        return bare, 1000 / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out 100,000 channels")
    sizes = [100, 1000, 5000] + ([] if parser.parse_args().quick else [100_000])
    console = Console()
    tables = [store(console), limited(console), fan_outs(sizes, console)]
    for table in tables:
        console.print(table)


if __name__ == "__main__":
    main()
