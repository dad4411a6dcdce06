"""Socket Mode: hello, envelopes, acks, redelivery, disconnect frames, sockets that fall silent.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from tests.servers.slack.world import Json


@dataclass(eq=False)
class Connection:
    """One WebSocket. `deaf`: what is sent to it is swallowed. `mute`: its pings go unanswered."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    deaf: bool = False
    mute: bool = False
    sent: int = 0


@dataclass
class Ack:
    """What came back for one envelope; `attempts` counts how often it was sent."""

    acked: bool
    payload: Any = None
    attempts: int = 1
    seconds: float = 0.0


@dataclass
class Sockets:
    """All open sockets. Every envelope goes to one of them; events are sent again if not acked."""

    ack_seconds: float = 3.0
    retry_delays: tuple[float, ...] = (0.0, 0.3, 0.6)
    connections: list[Connection] = field(default_factory=list)
    opened: int = 0
    bad_acks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = itertools.count()
        self._serial = itertools.count(1)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        self.connections.append(connection)
        self.opened += 1
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self.connections),
                "debug_info": {"host": "local", "approximate_connection_time": 18060},
                "connection_info": {"app_id": "A0ISDOWN"},
            }
        )
        try:
            await self._read(connection)
        finally:
            self.connections.remove(connection)
        return socket

    async def _read(self, connection: Connection) -> None:
        async for frame in connection.socket:
            if frame.type == WSMsgType.PING and not connection.mute:
                await connection.socket.pong(frame.data)
            elif frame.type == WSMsgType.TEXT:
                self._take_ack(frame.data)

    def _take_ack(self, text: str) -> None:
        ack = orjson.loads(text)
        waiting = self._waiting.get(ack.get("envelope_id", ""))
        if waiting is None:
            self.bad_acks.append(text)
        elif not waiting.done():
            waiting.set_result(ack.get("payload"))

    async def deliver(self, kind: str, payload: Json, *, retry: bool) -> Ack:
        """Send one envelope and wait for its ack; events (`retry`) are sent again up to 3 times."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        reason = ""
        delays = (0.0, *self.retry_delays) if retry else (0.0,)
        for attempt, delay in enumerate(delays):
            await asyncio.sleep(delay)
            envelope: Json = {
                "envelope_id": f"e-{next(self._serial)}",
                "type": kind,
                "payload": payload,
                "accepts_response_payload": kind != "events_api",
            }
            if kind == "events_api":
                envelope |= {"retry_attempt": attempt, "retry_reason": reason}
            answer = await self._once(envelope)
            if answer is not None:
                return Ack(True, answer[0], attempt + 1, loop.time() - start)
            reason = "timeout"
        return Ack(False, None, len(delays), loop.time() - start)

    async def _once(self, envelope: Json) -> tuple[Any] | None:
        open_ones = [c for c in self.connections if not c.socket.closed]
        if not open_ones:
            return None
        connection = open_ones[next(self._turn) % len(open_ones)]
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = waiting
        connection.sent += 1
        try:
            if not connection.deaf:
                await connection.socket.send_str(orjson.dumps(envelope).decode())
            return (await asyncio.wait_for(waiting, self.ack_seconds),)
        except (TimeoutError, ConnectionError):
            return None
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def send_disconnect(
        self, reason: str = "refresh_requested", *, close: bool = True
    ) -> None:
        """Tell every socket to reconnect; then close it, as Slack does some seconds later."""
        for connection in list(self.connections):
            with suppress(ConnectionError):
                await connection.socket.send_json({"type": "disconnect", "reason": reason})
                if close:
                    await connection.socket.close()

    def cut(self) -> None:
        """Break every connection without a word (TCP reset)."""
        for connection in list(self.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def silence(self, *, deaf: bool = True, mute: bool = True) -> None:
        """Let the present sockets stay open but dead: nothing arrives, pings go unanswered."""
        for connection in self.connections:
            connection.deaf, connection.mute = deaf, mute
