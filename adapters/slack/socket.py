"""Socket Mode: two connections, and a watch over both.

Slack closes a connection every few hours and hands each payload to one of those that are open, so
with two of them a refresh loses nothing. Connections that stayed open yet heard nothing more were
seen (slackapi/bolt-python#1529, slackapi/python-slack-sdk#1701): what does not answer pings, or
whose own tasks ended, is replaced by a new one; the old is not repaired.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.domain.errors import DeliveryError

log = structlog.get_logger()
_QUIET = logging.getLogger("adapters.slack.sockets")
_QUIET.setLevel(logging.CRITICAL)

T = TypeVar("T")
FIRST_RETRY, LONGEST_RETRY = 2.0, 60.0
CONNECTIONS = 2
PING_SECONDS = 5.0
# Four pings unanswered: the client itself gives up then, if its own tasks still live.
DEAF_PINGS = 4
WATCH_SECONDS = 2.0
CONNECT_SECONDS = 45.0
# Between two tries while Slack cannot be reached: opening is limited to a few a minute.
LONGEST_PAUSE = 60.0


class SocketConnection:
    """One Socket Mode connection, which can be opened anew and asked for its health."""

    def __init__(
        self, app: AsyncApp, app_token: str, *, wall: Callable[[], float], ping_seconds: float
    ) -> None:
        self._app = app
        self._token = app_token
        self._wall = wall
        self._ping_seconds = ping_seconds
        self._handler: AsyncSocketModeHandler | None = None
        self._retired: list[AsyncSocketModeHandler] = []
        self._since = 0.0

    async def open(self) -> None:
        """Connect anew; what was open before is closed afterwards."""
        if self._handler is not None:
            self._retired.append(self._handler)
        handler = AsyncSocketModeHandler(
            self._app, self._token, logger=_QUIET, ping_interval=self._ping_seconds
        )
        self._handler = handler
        self._since = self._wall()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                # It tries until it succeeds; the watch begins again if that takes too long.
                await handler.connect_async()  # type: ignore[no-untyped-call]  # untyped in bolt
        except TimeoutError:
            log.warning("slack.connection_not_opened")
        await self._close_retired()

    async def close(self) -> None:
        if self._handler is not None:
            self._retired.append(self._handler)
            self._handler = None
        await self._close_retired()

    async def _close_retired(self) -> None:
        """Kept in a list, so that being cancelled between two steps leaves none open."""
        while self._retired:
            with suppress(TimeoutError, ConnectionError, RuntimeError):
                async with asyncio.timeout(5):
                    await self._retired[-1].close_async()  # type: ignore[no-untyped-call]  # bolt
            self._retired.pop()

    async def is_well(self) -> bool:
        """Return whether it is connected, answers pings, and has all its tasks at work."""
        if self._handler is None:
            return False
        client = self._handler.client
        tasks = (client.message_processor, client.message_receiver, client.current_session_monitor)
        if any(task is None or task.done() for task in tasks):
            return False
        heard = client.last_ping_pong_time or self._since
        answers = self._wall() - heard < self._ping_seconds * DEAF_PINGS
        return answers and await client.is_connected()

    async def keep_open(self, number: int, watch_seconds: float) -> None:
        """Open it, and again whenever it is not well, until cancelled."""
        await self.open()
        log.info("slack.connection_opened", number=number)
        failures, pause = 0, watch_seconds
        while True:
            await asyncio.sleep(watch_seconds)
            if await self.is_well():
                failures, pause = 0, watch_seconds
                continue
            failures += 1
            # Twice in a row: a reconnect of its own is under way for a moment now and then.
            if failures >= 2:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                log.warning("slack.connection_replaced", number=number)
                await self.open()
                failures = 0


class SocketPool:
    """`wall` is the wall clock in seconds, in which slack_sdk tells the age of the last pong."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        wall: Callable[[], float],
        connections: int = CONNECTIONS,
        ping_seconds: float = PING_SECONDS,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self._connections = [
            SocketConnection(app, app_token, wall=wall, ping_seconds=ping_seconds)
            for _ in range(connections)
        ]
        self._watch_seconds = watch_seconds

    async def run(self) -> None:
        """Listen until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for number, connection in enumerate(self._connections):
                    tasks.create_task(connection.keep_open(number, self._watch_seconds))
        finally:
            await asyncio.gather(
                *(one.close() for one in self._connections), return_exceptions=True
            )

    async def are_well(self) -> bool:
        """Return whether at least one connection is."""
        return any([await one.is_well() for one in self._connections])


async def until_answered(ask: Callable[[], Awaitable[T]], event: str) -> T:
    """Ask until Slack answers (it may be away when we start), at growing intervals."""
    pause = FIRST_RETRY
    while True:
        try:
            return await ask()
        except DeliveryError as error:
            log.warning(event, reason=error.reason, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_RETRY)
