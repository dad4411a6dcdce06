"""The page of a running program: visitors at a fixed rate, and many who have it open.

Visitors come when they come, whether or not the ones before were answered: a wait counts from the
moment at which one came. The bare Starlette route of the same run is asked the same way.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from adapters.web.server import enough_descriptors
from bench.table import microseconds, milliseconds, progress, row, spread
from tests.end_to_end.harness import PATIENCE, started
from tests.servers.page import page_server
from tests.servers.statuspage import CLAUDE_AI

RATE = 200  # visitors a second
VISITS = 2_000
LISTENERS = 5_000
CONNECTIONS = 40  # of the visitors, kept between requests
POLL = 0.5
TOGETHER = 200  # connections that are opened at the same time


class Visitors:
    """A pool of kept connections to one path; each answer is read whole."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._free = port, asyncio.LifoQueue[tuple[asyncio.StreamReader, ...]]()
        self._ask = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        )
        self._writers: dict[asyncio.StreamReader, asyncio.StreamWriter] = {}
        self.seconds: list[float] = []
        self.size = 0

    async def come(self, count: int) -> None:
        for _ in range(CONNECTIONS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._writers[reader] = writer
            self._free.put_nowait((reader,))
        start = time.perf_counter()
        async with asyncio.TaskGroup() as visits:
            for number in range(count):
                due = start + number / RATE
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                visits.create_task(self._visit(due))
        for writer in self._writers.values():
            writer.close()

    async def _visit(self, due: float) -> None:
        (reader,) = await self._free.get()
        self._writers[reader].write(self._ask)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        self.size = len(await reader.readexactly(length))
        self.seconds.append(time.perf_counter() - due)
        self._free.put_nowait((reader,))


class Listener(asyncio.Protocol):
    """One open page: when it heard the last change."""

    def __init__(self, heard: Callable[[], None]) -> None:
        self._heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"GET /live/?seen=none HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        if b"event: state" in data:
            self._heard()


class Listeners:
    """Many of them, and who heard what when."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._transports: list[asyncio.BaseTransport] = []
        self.moments: list[float] = []

    async def open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(0, count, TOGETHER):
            opening = (
                loop.create_connection(lambda: Listener(self._heard), "127.0.0.1", self._port)
                for _ in range(TOGETHER)
            )
            self._transports += [transport for transport, _ in await asyncio.gather(*opening)]
        await self.heard(count)

    def _heard(self) -> None:
        self.moments.append(time.perf_counter())

    async def heard(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.moments) < count:  # noqa: ASYNC110 - thousands of connections have no event
                await asyncio.sleep(0.02)

    def close(self) -> None:
        for transport in self._transports:
            transport.abort() if isinstance(transport, asyncio.Transport) else transport.close()


async def _run() -> None:
    enough_descriptors()
    bare = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.answers", stdout=asyncio.subprocess.PIPE
    )
    assert bare.stdout is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ISCLAUDEDOWN_HTTP_PORT": str(port),
        "ISCLAUDEDOWN_POLL_SECONDS": str(POLL),
        "ISCLAUDEDOWN_TERMINAL": "off",
    }
    try:
        with tempfile.TemporaryDirectory(prefix="isd-bench-") as folder:
            async with page_server() as page, started(Path(folder), page.url, **settings) as bot:
                await page.asked(4)  # the first poll is over
                page.page.open("Elevated errors", {CLAUDE_AI: "major_outage"}, body="We look.")
                await bot.logs("incident.event")
                process = psutil.Process(bot.process.pid)
                progress(f"page: {VISITS:,} visitors, {RATE} a second")
                for what, to, path in (
                    ("a bare Starlette route", int(await bare.stdout.readline()), "/bare"),
                    ("GET /", port, "/"),
                ):
                    visitors = Visitors(to, path)
                    before = sum(process.cpu_times()[:2])
                    await visitors.come(VISITS)
                    row(
                        f"{what} ({visitors.size} B): median · 95 · worst", spread(visitors.seconds)
                    )
                    cpu = sum(process.cpu_times()[:2]) - before
                row("  CPU of the program", microseconds(cpu / VISITS))
                progress(f"page: {LISTENERS:,} have it open")
                alone = process.memory_info().rss
                listeners = Listeners(port)
                await listeners.open(LISTENERS)
                more = (process.memory_info().rss - alone) / 2**20
                row("memory that they take", f"{more:,.0f} MB", f"{alone / 2**20:,.0f} MB before")
                listeners.moments.clear()
                before = sum(process.cpu_times()[:2])
                changed = time.perf_counter()
                page.page.open("It got worse", {CLAUDE_AI: "major_outage"}, body="Worse.")
                await listeners.heard(LISTENERS)
                waits = sorted(moment - changed for moment in listeners.moments)
                of_100 = milliseconds(waits[int(0.99 * LISTENERS)])
                row("from the change to each: median · 95 · worst", spread(waits), f"99: {of_100}")
                cpu = sum(process.cpu_times()[:2]) - before
                row("  CPU of the program for that", milliseconds(cpu), f"poll {POLL} s")
                listeners.close()
                await bot.stop()
    finally:
        bare.kill()
        await bare.wait()


def measure() -> None:
    asyncio.run(_run())
