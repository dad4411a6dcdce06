"""Clients that are silent, send half a request or read no answer keep nobody out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from adapters.web import server
from adapters.web.app import READ_BURST, build
from adapters.web.server import MOST_AT_ONCE, serving
from bot.domain.errors import SettingsError
from tests.contract.web_bench import Running, node, running

__all__ = ["node", "running"]  # fixtures


async def test_an_address_in_use_is_a_setting_to_mend(running: Running) -> None:
    app, port = build(running.web), running.http.base_url.port or 0
    with pytest.raises(SettingsError, match=str(port)):
        async with serving(app, "127.0.0.1", port):
            pass


async def test_silent_and_half_sent_requests_keep_nobody_out(running: Running) -> None:
    port = running.http.base_url.port
    writers = []
    for number in range(MOST_AT_ONCE + 50):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        if number % 3 == 1:
            writer.write(b"GET /v1/verdict HTTP/1.1\r\nHost: x\r\n")  # no end of the head
        if number % 3 == 2:
            writer.write(b"POST /v1/signals HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        writers.append(writer)

    for path in ("/health", "/v1/verdict"):
        assert (await running.get(path)).status_code == 200
    for writer in writers:
        writer.close()


async def test_a_silent_connection_is_closed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", running.http.base_url.port)

    assert await reader.read() == b""
    writer.close()


async def test_a_request_that_ends_in_two_places_is_refused_and_nothing_behind_it_is_read(
    running: Running,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.http.base_url.port)
    head = b"POST /v1/explain HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
    smuggled = b"GET /v1/verdict HTTP/1.1\r\nHost: x\r\n\r\n"
    writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled)
    answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


async def test_only_a_trusted_proxy_is_believed_about_who_asks(
    running: Running,
) -> None:
    for number in range(READ_BURST + 5):
        answer = await running.get("/v1/verdict", **{"X-Forwarded-For": f"10.0.0.{number}"})
    assert answer.status_code == 429

    trusting = serving(build(running.web), "127.0.0.1", 0, trusted_proxies=["127.0.0.1"])
    async with trusting as port, httpx.AsyncClient() as http:
        address = f"http://127.0.0.1:{port}/v1/verdict"
        other = await http.get(address, headers={"X-Forwarded-For": "10.0.0.200"})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (b"\x00 is no HTTP\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (
            b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            b"200",
        ),
    ],
)
async def test_no_stranger_writes_into_the_log(
    running: Running, caplog: pytest.LogCaptureFixture, asked: bytes, answered: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.http.base_url.port)
    writer.write(asked)
    assert (await reader.readline()).split()[1] == answered
    writer.close()
    assert caplog.records == []


# --- answers that nobody reads -------------------------------------------------------------------


@dataclass
class Large:
    """An application whose answer is larger than what the kernel takes in advance."""

    body: bytes = bytes(64_000_000)
    begun: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = self.body if scope["path"] == "/large" else b""
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        if body:
            self.begun.release()
        for at in range(0, len(body), 1_000_000):
            chunk = body[at : at + 1_000_000]
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        if body:
            self.ended.set()


@asynccontextmanager
async def asked(port: int) -> AsyncIterator[asyncio.StreamReader]:
    """A client that asks for the large answer and reads nothing of it by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        yield reader
    finally:
        writer.transport.abort()


async def test_who_does_not_read_the_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.2)
    app = Large()

    async with serving(app, "127.0.0.1", 0) as port, asked(port) as reader:
        async with asyncio.timeout(30):
            await app.ended.wait()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await reader.readexactly(len(app.body))


async def test_who_reads_in_pieces_gets_the_whole_answer() -> None:
    app = Large()

    async with serving(app, "127.0.0.1", 0) as port, asked(port) as reader:
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(len(app.body) // 4_000_000):
            assert len(await reader.readexactly(4_000_000)) == 4_000_000


async def test_answers_that_nobody_reads_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_AT_ONCE", 4)
    app = Large()

    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(app, "127.0.0.1", 0))
        for _ in range(9):
            await stack.enter_async_context(asked(port))
            await app.begun.acquire()
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"http://127.0.0.1:{port}/health")).status_code == 200
