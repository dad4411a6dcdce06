"""A local service to be probed, that answers (or fails) in every way the real ones do.

    async with ProbeServer() as server:
        server.mode = "overloaded"
        ... look at server.url + "/v1/models"

Raw sockets, because half of it is not proper HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Asked:
    """One request as it arrived. Header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def _error(kind: str, message: str) -> str:
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_011C"}
    return json.dumps(body)


_TLS_HELLO = b"\x16"
_JSON, _HTML = "application/json", "text/html; charset=UTF-8"
_FAMILIES = ("claude-opus-2", "claude-opus-1", "claude-sonnet-1")
_MODELS = json.dumps({"data": [{"type": "model", "id": id_} for id_ in _FAMILIES]})
_MESSAGE = json.dumps({"id": "msg_1", "type": "message", "stop_reason": "max_tokens"})
_CHALLENGE = "<!DOCTYPE html><title>Just a moment...</title><div class='cf-chl'></div>"

# mode → status, content type, further headers, body
ANSWERS: dict[str, tuple[int, str, dict[str, str], str]] = {
    "unauthorized": (
        401,
        _JSON,
        {},
        _error("authentication_error", "x-api-key header is required"),
    ),
    "models": (200, _JSON, {}, _MODELS),
    "message": (200, _JSON, {}, _MESSAGE),
    "page": (200, _HTML, {}, "<!DOCTYPE html><title>Claude</title>"),
    "overloaded": (529, _JSON, {}, _error("overloaded_error", "Overloaded")),
    "broken": (500, _JSON, {}, _error("api_error", "Internal server error")),
    "gateway": (502, _HTML, {}, "<html><h1>502 Bad Gateway</h1></html>"),
    "challenge": (403, _HTML, {"cf-mitigated": "challenge"}, _CHALLENGE),
    "forbidden": (403, _HTML, {}, "<html><h1>403 Forbidden</h1></html>"),
    "limited": (429, _JSON, {"retry-after": "30"}, _error("rate_limit_error", "Slow down")),
    "hotel": (401, _HTML, {}, "<html>Welcome! Please log in to our network.</html>"),
    "nowhere": (302, _HTML, {"location": "http://xn--a/"}, ""),
    "huge": (401, _JSON, {}, _error("authentication_error", "x" * 5_000_000)),
}
# hang: takes the request and says nothing. drip: a byte now and then. half: ends in the middle.
# reset: ends before an answer. garbage: no HTTP.
FAULTS = {"hang", "drip", "half", "reset", "garbage"}


@dataclass
class ProbeServer:
    """Answers every request by its `mode`, or by `modes[path]` where that is given."""

    mode: str = "unauthorized"
    modes: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Take no connection any more: from now on they are refused."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._open):
            writer.close()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._serve(reader, writer)
        finally:
            self._open.discard(writer)
            with contextlib.suppress(ConnectionError):
                writer.close()
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            first = await reader.readexactly(1)
            if first == _TLS_HELLO:  # somebody came by https: answer as a plain server would
                writer.write(_response(400, _HTML, {}, "plain HTTP only"))
                await writer.drain()
                return
            request = await _read(first, reader)
            self.asked.append(request)
            await self._answer(self.modes.get(request.path, self.mode), reader, writer)

    async def _answer(
        self, mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if mode == "hang":
            await reader.read()  # until the other side gives up
        elif mode == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not reader.at_eof():
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.02)
        elif mode == "half":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        elif mode == "garbage":
            writer.write(b"\x00\x01 this is not HTTP\r\n\r\n")
        elif mode != "reset":
            writer.write(_response(*ANSWERS[mode]))
        await writer.drain()


async def _read(begun: bytes, reader: asyncio.StreamReader) -> Asked:
    head = (begun + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body)


def _response(status: int, kind: str, headers: dict[str, str], body: str) -> bytes:
    raw = body.encode()
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Type: {kind}",
        f"Content-Length: {len(raw)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw
