"""A Slack that costs next to nothing: takes posts, counts them, answers.

    python -m bench.sink --latency 100 --limit 50

Prints its port. `limit`: posts a second, 429 beyond them. `refusing`: the share of posts that
gets 429 or 500, half of it each. `GET /` tells what it counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import deque
from typing import Any

import uvloop


class Sink:
    def __init__(self, latency: float, limit: int, refusing: float) -> None:
        self.latency = latency
        self.limit = limit
        self.refusing = refusing
        self.chance = random.Random(1)
        self.taken = 0
        self.refused = 0
        self.first = 0.0
        self.last = 0.0
        self.window: deque[float] = deque()

    def answer(self, method: str, path: bytes = b"") -> bytes:
        if method == "POST" and not path.endswith(b"/chat.postMessage"):
            return _response(200, b'{"ok":true,"messages":[],"team_id":"T1","user_id":"U1"}')
        if method == "GET":
            told = [self.taken, self.refused, self.first, self.last]
            self.taken, self.refused, self.first = 0, 0, 0.0
            return _response(200, json.dumps(told).encode())
        now = time.time()
        drawn = self.chance.random()
        if drawn < self.refusing / 2:
            self.refused += 1
            return _response(500, b"")
        if drawn < self.refusing or (self.limit and not self._may(now)):
            self.refused += 1
            return _response(429, b'{"ok":false,"error":"ratelimited"}', b"Retry-After: 1\r\n")
        self.taken += 1
        self.first = self.first or now
        self.last = now
        return _response(200, b'{"ok":true,"channel":"C1","ts":"1763674800.%06d"}' % self.taken)

    def _may(self, now: float) -> bool:
        while self.window and self.window[0] <= now - 1:
            self.window.popleft()
        if len(self.window) >= self.limit:
            return False
        self.window.append(now)
        return True


class Connection(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport  # uvloop has classes of its own

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length: ")
            length = int(head[at + 16 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            method, path = self.buffer.split(b" ", 2)[:2]
            self.buffer = self.buffer[end + 4 + length :]
            answer = self.sink.answer(method.decode(), path)
            if self.sink.latency and method == b"POST":
                asyncio.get_running_loop().call_later(self.sink.latency, self.write, answer)
            else:
                self.write(answer)

    def write(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)


def _response(status: int, body: bytes, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
    return head % (status, more, len(body)) + body


async def serve(sink: Sink) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(sink), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0, help="milliseconds")
    parser.add_argument("--limit", type=int, default=0, help="posts a second")
    parser.add_argument("--refusing", type=float, default=0, help="share of 429 and 500")
    given = parser.parse_args()
    uvloop.run(serve(Sink(given.latency / 1000, given.limit, given.refusing)))
