"""Delivery: fan-outs of ours beside the bare Slack client posting the same bodies in the same run.

Each fan-out runs in a fresh process with a fresh Redis; the server that takes the posts has the
other core. The bare client is never asked for more than 5,000.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.servers.redis import standalone

LONGEST = 900  # seconds for one measurement


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


def fan_out(what: str, channels: int, url: str, **options: float) -> dict[str, Any]:
    """Measure one fan-out in a fresh process with a fresh Redis: until the last was taken."""
    with standalone() as node:
        command = [sys.executable, "-m", "bench.fanout", what, "--channels", str(channels)]
        command += ["--sink", url, "--redis", node.url]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=LONGEST, check=True
        )
    result: dict[str, Any] = json.loads(done.stdout)
    with urllib.request.urlopen(url) as answer:
        taken, refused, first, last = json.load(answer)
    seconds = last - result["start"]
    result |= {"taken": taken, "refused": refused, "seconds": seconds, "rate": channels / seconds}
    result["first_ms"] = (first - result["start"]) * 1000
    return result


def fan_outs(sizes: list[int], console: Console) -> Table:
    table = Table(
        "channels", "latency", "rate", "bare", "of bare", "first", "CPU each", "Redis CPU", "MB"
    )
    # As many connections as serve the bare loop best.
    for latency, connections in ((0, 64), (100, 512)):
        with sink(latency=latency) as url:
            for size in sizes:
                console.log(f"fan-out to {size} channels, {latency} ms …")
                bare = fan_out("bare", min(size, 5000), url, connections=connections)["rate"]
                ours = fan_out("ours", size, url)
                table.add_row(
                    f"{size:,}",
                    f"{latency} ms",
                    f"{ours['rate']:,.0f}/s",
                    f"{bare:,.0f}/s",
                    f"{ours['rate'] / bare:.0%}",
                    f"{ours['first_ms']:.0f} ms",
                    f"{ours['cpu'] / size * 1e6:.0f} µs",
                    f"{ours['redis_cpu'] / size * 1e6:.0f} µs",
                    f"{ours['memory']:.0f}",
                )
    return table


def limited(console: Console) -> Table:
    console.log("500 channels behind a limit of 50/s …")
    with sink(limit=50) as url:
        ours = fan_out("ours", 500, url, rate=49.0)
    table = Table("500 channels behind 50/s", "allowed", "refused")
    table.add_row(f"{ours['seconds']:.1f} s", "10.0 s", f"{ours['refused'] / 500:.1%}")
    return table


def measure() -> None:
    console = Console(width=110)
    tables = [limited(console), fan_outs([100, 1_000, 5_000, 100_000], console)]
    for table in tables:
        console.print(table)
