"""Delivery: fan-outs of ours beside bare loops of aiohttp, which post the same messages.

Each fan-out runs in a fresh process with a fresh Redis; the server that takes the posts has the
other core. There are two bare loops (see `bench.bare`), never asked for more than 5,000.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.servers.redis import standalone

LONGEST = 900  # seconds for one measurement
TIMES = 3  # that each is measured, but for the longest


@contextlib.contextmanager
def sink(**options: float) -> Iterator[str]:
    """Run the server that takes the posts, on the other core: see `bench.sink`."""
    command = [sys.executable, "-m", "bench.sink"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/api/"
        finally:
            process.kill()


def fan_out(channels: int, url: str, **options: float) -> dict[str, Any]:
    """Measure one fan-out of ours, in a fresh process with a fresh Redis."""
    with standalone() as node:
        return measured(["bench.fanout"], channels, url, redis=node.url, **options)


def measured(
    module: Sequence[str], channels: int, url: str, **options: str | float
) -> dict[str, Any]:
    """Run a module (and its words) until the last message was taken; returns what is known of it.

    `rate` and `first_ms` are from its start.
    """
    command = [sys.executable, "-m", *module]
    for name, value in {"channels": channels, "sink": url, **options}.items():
        command += [f"--{name}", str(value)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=LONGEST, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    with urllib.request.urlopen(url) as answer:
        taken, refused, first, last = json.load(answer)
    seconds = last - result["start"]
    result |= {"taken": taken, "refused": refused, "seconds": seconds}
    result |= {"rate": taken / seconds, "first_ms": (first - result["start"]) * 1000}
    return result


def fan_outs(sizes: list[int], console: Console) -> Table:
    table = Table(
        "channels", "ms", "rate", "first", "CPU each", "Redis", "MB",
        "bare: prepared", "of it", "plain", "of it",
    )  # fmt: skip
    # As many connections as serve the bare loops best.
    for latency, connections in ((0, 64), (100, 512)):
        with sink(latency=latency) as url:
            for size in sizes:
                console.log(f"fan-out to {size} channels, {latency} ms …")
                few, times = min(size, 5000), 1 if size > 5000 else TIMES
                # In turns, so that all of them meet the same machine.
                turns = [
                    (
                        fan_out(size, url),
                        measured(["bench.bare", "prepared"], few, url, connections=connections),
                        measured(["bench.bare", "plain"], few, url, connections=connections),
                    )
                    for _ in range(times)
                ]
                ours, prepared, plain = (typical(runs) for runs in zip(*turns, strict=True))
                table.add_row(
                    f"{size:,}",
                    f"{latency}",
                    f"{ours['rate']:,.0f}/s",
                    f"{ours['first_ms']:.0f} ms",
                    f"{ours['cpu'] / size * 1e6:.0f} µs",
                    f"{ours['redis_cpu'] / size * 1e6:.0f} µs",
                    f"{ours['memory']:.0f}",
                    f"{prepared['rate']:,.0f}/s",
                    f"{ours['rate'] / prepared['rate']:.2f}",
                    f"{plain['rate']:,.0f}/s",
                    f"{ours['rate'] / plain['rate']:.2f}",
                )
    return table


def typical(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the run of the median rate."""
    return sorted(runs, key=lambda run: run["rate"])[len(runs) // 2]


def limited(console: Console) -> Table:
    table = Table("500 channels behind 50/s", "told within", "allowed", "refused")
    for what, options in (("known", {"rate": 49.0}), ("not known", {})):
        console.log(f"500 channels behind a limit of 50/s that is {what} …")
        with sink(limit=50) as url:
            ours = fan_out(500, url, **options)
        table.add_row(what, f"{ours['seconds']:.1f} s", "10.0 s", f"{ours['refused'] / 500:.1%}")
    return table


def measure() -> None:
    console = Console(width=110)
    tables = [limited(console), fan_outs([100, 1_000, 5_000, 100_000], console)]
    for table in tables:
        console.print(table)
