"""The same number of channels told by Prometheus Alertmanager, where it is installed.

One alert to one receiver with a Slack configuration a channel; Debian's package is
`prometheus-alertmanager`.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from bench.delivery import TIMES, fan_out, sink, typical
from bench.replicas import counted

NAMES = ("prometheus-alertmanager", "alertmanager")
PATIENCE = 120.0


def find() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _configuration(channels: int, url: str) -> dict[str, Any]:
    text = "We are investigating elevated errors on requests to the Claude API. " * 4
    slack = [
        {"api_url": f"{url}chat.postMessage", "channel": f"C{number:07d}", "text": text}
        for number in range(channels)
    ]
    route = {"receiver": "all", "group_wait": "0s", "group_interval": "1h", "repeat_interval": "1h"}
    return {"route": route, "receivers": [{"name": "all", "slack_configs": slack}]}


def alert(command: str, channels: int, url: str) -> tuple[float, float]:
    """Return messages a second and seconds of its processor for each."""
    with tempfile.TemporaryDirectory(prefix="isd-bench-") as folder:
        place = Path(folder)
        (place / "config.yml").write_text(json.dumps(_configuration(channels, url)))  # JSON is YAML
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = [
            command, f"--config.file={place / 'config.yml'}", f"--storage.path={place / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
            "--log.level=error",
        ]  # fmt: skip
        with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
            try:
                return _measured(psutil.Process(process.pid), port, channels, url)
            finally:
                process.kill()


def _measured(process: psutil.Process, port: int, channels: int, url: str) -> tuple[float, float]:
    address = f"http://127.0.0.1:{port}/api/v2/alerts"
    body = json.dumps([{"labels": {"alertname": "Elevated errors"}}]).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    end = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready").close()
            break
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    cpu, start, taken, last = sum(process.cpu_times()[:2]), time.time(), 0.0, 0.0
    urllib.request.urlopen(request).close()
    while taken < channels and time.monotonic() < end:
        time.sleep(0.05)
        more, _, _, at = counted(url)
        taken, last = taken + more, at
    spent = sum(process.cpu_times()[:2]) - cpu
    return taken / (last - start), spent / channels


def measure() -> None:
    console, command = Console(width=110), find()
    if command is None:
        console.print("alertmanager: skipped, since none of", " and ".join(NAMES), "is installed")
        return
    table = Table(
        "channels", "latency", "ours", "Alertmanager", "ratio", "CPU each: ours", "theirs"
    )
    for latency in (0, 100):
        with sink(latency=latency) as url:
            for channels in (100, 1_000, 5_000):
                console.log(f"{channels:,} channels, {latency} ms …")
                # In turns, so that both meet the same machine.
                turns = [
                    (alert(command, channels, url), fan_out(channels, url)) for _ in range(TIMES)
                ]
                rate, cpu = sorted(theirs for theirs, _ in turns)[TIMES // 2]
                ours = typical([one for _, one in turns])
                table.add_row(
                    f"{channels:,}",
                    f"{latency} ms",
                    f"{ours['rate']:,.0f}/s",
                    f"{rate:,.0f}/s",
                    f"{ours['rate'] / rate:.1f}",
                    f"{ours['cpu'] / channels * 1e6:.0f} µs",
                    f"{cpu * 1e6:.0f} µs",
                )
    console.print(table)
