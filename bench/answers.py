"""What is asked of a running program: HTTP and MCP, beside a bare Starlette route in the same run.

The program is started by its command, the bare route by ours; the asking process waits for each
answer before it asks again. Requests come from many addresses of the loopback, and for each path
from others, since every client has its rate.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import sys
import tempfile
import time
from pathlib import Path

import psutil
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from adapters.web.server import serving
from bench.table import microseconds, progress, ratio, row, spread
from tests.end_to_end.harness import PATIENCE, started
from tests.servers.page import page_server

CLIENTS = 12
EACH = 40  # requests of one client: below what it may ask at once
MCP_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-06-18",
}
MCP_CALL = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "verdict", "arguments": {"surfaces": []}},
    }
)


class Asker:
    """Asks one path of one address over kept connections, and remembers how long each took.

    `network`: its clients are 127.0.`network`.x, so that no two paths share a client's rate.
    """

    def __init__(
        self, port: int, network: int, method: str, path: str, body: str | None = None
    ) -> None:
        self.method, self.path, self.body = method, path, body
        self.seconds: list[float] = []
        self.size = 0
        self._connections = [
            http.client.HTTPConnection(
                "127.0.0.1",
                port,
                timeout=PATIENCE,
                source_address=(f"127.0.{network}.{2 + one}", 0),
            )
            for one in range(CLIENTS)
        ]

    def ask(self, turn: int) -> None:
        connection = self._connections[turn % CLIENTS]
        headers = MCP_HEADERS if self.body else {}
        start = time.perf_counter()
        connection.request(self.method, self.path, self.body, headers)
        answer = connection.getresponse()
        body = answer.read()
        self.seconds.append(time.perf_counter() - start)
        assert answer.status == 200, (answer.status, body[:300])
        self.size = len(body)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def measured(port: int, bare: int, process: psutil.Process) -> None:
    """Ask in turns, so that all of them meet the same machine."""
    body = Asker(bare, 0, "GET", "/bare")
    for what, asker in (
        ("GET /v1/verdict", Asker(port, 1, "GET", "/v1/verdict")),
        ("MCP verdict", Asker(port, 2, "POST", "/mcp", MCP_CALL)),
    ):
        body.seconds.clear()
        for turn in range(CLIENTS):  # connections are made
            asker.ask(turn)
        asker.seconds.clear()
        before = sum(process.cpu_times()[:2])
        for turn in range(CLIENTS * (EACH - 1)):
            body.ask(turn)
            asker.ask(turn)
        cpu = sum(process.cpu_times()[:2]) - before
        row("a bare Starlette route: median · 95 of 100 · worst", spread(body.seconds))
        beside = ratio(sum(asker.seconds), sum(body.seconds), "the bare route")
        row(f"{what} ({asker.size} B)", spread(asker.seconds), beside)
        row("  CPU of the program", microseconds(cpu / len(asker.seconds)))
        asker.close()
    body.close()


async def _run() -> None:
    progress("answers: a running program, asked over HTTP and MCP")
    bare = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.answers", stdout=asyncio.subprocess.PIPE
    )
    assert bare.stdout is not None
    try:
        with tempfile.TemporaryDirectory(prefix="isd-bench-") as folder:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            settings = {"ISCLAUDEDOWN_HTTP_PORT": str(port), "ISCLAUDEDOWN_MCP": "on"}
            async with page_server() as page, started(Path(folder), page.url, **settings) as bot:
                await bot.shows("Everything is up")
                process = psutil.Process(bot.process.pid)
                line = int(await bare.stdout.readline())
                await asyncio.to_thread(measured, port, line, process)
                await bot.stop()
    finally:
        bare.kill()
        await bare.wait()


def measure() -> None:
    asyncio.run(_run())


async def _bare() -> None:
    """The route that costs nothing but Starlette and uvicorn. Prints its port."""
    answer = {"verdicts": [{"surface": f"surface-{one}", "severity": "up"} for one in range(9)]}

    async def handle(_: Request) -> JSONResponse:
        return JSONResponse(answer)

    async with serving(Starlette(routes=[Route("/bare", handle)]), "127.0.0.1", 0) as port:
        print(port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_bare())
