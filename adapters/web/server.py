"""Serves an application by uvicorn, inside our own loop and under our own signals.

A request has to arrive whole, and its answer to be read, within `REQUEST_SECONDS`; where too many
are connected the one for which we have waited longest makes room. Clients that are silent, send
half a request or read no answer keep nobody out.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.domain.errors import SettingsError

BACKLOG = 1024
# Connections that wait for an answer, or have not asked yet: as many as may come in one moment when
# something is down (a guess).
MOST_AT_ONCE = 1_000
GRACE = 5  # seconds for requests in flight at the end
REQUEST_SECONDS = 10.0  # to the end of a request, and until there is room for more of its answer
# Of the process's descriptors, for all connections together: the rest is for what is delivered.
SHARE_OF_DESCRIPTORS = 4
# Connections that are kept open on purpose (pages that stay up to date), and their share. 5,000 of
# them take some 100 MB (make bench ARGS=page).
MOST_HELD, SHARE_HELD = 6_000, 2
ENOUGH_DESCRIPTORS = 20_000


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are ours: the whole program ends in its own order."""
        yield


class Protocol(H11Protocol):
    """One connection.

    `waiting` has those that owe a request or do not read, the longest first; `held` those that the
    application keeps open on purpose (`scope["state"]["hold"]`), which count apart.
    """

    waiting: dict[Protocol, asyncio.TimerHandle]
    most: int
    held: set[Protocol]
    most_held: int

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 (uvicorn's own type)
        super().connection_made(transport)
        self.app_state = {**self.app_state, "hold": self.hold}
        self._wait()
        others = len(self.connections) - len(self.held)
        if others > self.most and (longest := next(iter(self.waiting))) is not self:
            longest.abandon()

    def hold(self) -> bool:
        """Keep it open for as long as the other side likes; False: too many are already."""
        if len(self.held) >= self.most_held:
            return False
        self.held.add(self)
        return True

    def data_received(self, data: bytes) -> None:
        # Beyond it are only requests in flight, since what is silent makes room.
        self.limit_concurrency = 2 * self.most + len(self.held)
        super().data_received(data)
        if self.cycle and not self.cycle.more_body and not self.flow.write_paused:
            self._wait_no_more()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.cycle and not self.cycle.more_body and not self.cycle.response_complete:
            self._wait_no_more()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        self.held.discard(self)
        super().connection_lost(exc)

    def abandon(self) -> None:
        """Close it: nothing was asked, or nobody reads the answer, which is thrown away then."""
        self._wait_no_more()
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def _wait(self) -> None:
        self._wait_no_more()
        self.waiting[self] = self.loop.call_later(REQUEST_SECONDS, self.abandon)

    def _wait_no_more(self) -> None:
        if timer := self.waiting.pop(self, None):
            timer.cancel()


def of_one_length(app: ASGIApp) -> ASGIApp:
    """Refuse requests whose end is named in two ways: what is before us may have taken the other
    one, and so may take what somebody sent for the request of somebody else (RFC 9112, 6.1).
    """

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope["headers"]}
        if {b"content-length", b"transfer-encoding"} <= names:
            refused = PlainTextResponse(
                "a length or chunks, not both", 400, {"Connection": "close"}
            )
            return await refused(scope, receive, send)
        return await app(scope, receive, send)

    return checked


@asynccontextmanager
async def serving(
    app: ASGIApp, host: str, port: int, *, trusted_proxies: Sequence[str] = ()
) -> AsyncIterator[int]:
    """Serve from now until the end of the block. Yields the port (another one if 0 was asked).

    Raises:
        SettingsError: the address cannot be listened on.
    """
    listening = listen(host, port)
    descriptors = enough_descriptors()
    shared = {
        "waiting": {},
        "most": max(1, min(MOST_AT_ONCE, descriptors // SHARE_OF_DESCRIPTORS)),
        "held": set(),
        "most_held": min(MOST_HELD, descriptors // SHARE_HELD),
    }
    config = uvicorn.Config(
        of_one_length(app),
        http=type("Connection", (Protocol,), shared),
        log_config=None,
        log_level="error",  # a warning for each request that is no HTTP: anybody could fill a disk
        access_log=False,
        ws="none",
        lifespan="off",
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=32_768,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        # It listens already: who connects before the server is up waits its turn.
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await running
        listening.close()


def enough_descriptors() -> int:
    """Raise this process's own limit as far as it may go and is of use. Returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, so that asyncio takes accepted ones for TCP and switches Nagle off: an answer that is
    # written in two pieces would wait 40 ms for the acknowledgement of the first.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"ISCLAUDEDOWN_HTTP_HOST/PORT: cannot listen on {host} port {port}: {error.strerror}"
        ) from error
    return listening
