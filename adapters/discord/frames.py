"""Frames of the gateway, checked before discord.py reads them: one it cannot read costs a session.

What says nothing that we need is dropped, with one line in the log. Without HELLO and READY there
is no session, and a compressed stream that broke is not to be read on: there the connection ends.
https://docs.discord.com/developers/events/gateway-events#payload-structure
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import discord.client
import orjson
import structlog
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from adapters.chat.http import Json

log = structlog.get_logger()

CLOSE_SECONDS: Final = 5.0
_DISPATCH: Final = 0
_INVALID_SESSION: Final = 9
_HELLO: Final = 10


class FrameUnreadable(Exception):
    """A frame without which there is no session makes no sense."""


class SessionOver(Exception):
    """Discord knows the session no more: another one has to be begun."""


class GatewaySocket(DiscordWebSocket):
    """A connection of discord.py that survives odd frames, and is closed whatever ends it.

    discord.py's client does not know a connection before IDENTIFY was sent, nor the one before it
    connected anew: it closes neither, and their threads would go on sending heartbeats.
    """

    async def poll_event(self) -> None:
        async with self._closed_on_error():
            await super().poll_event()

    async def identify(self) -> None:
        async with self._closed_on_error():
            await super().identify()

    async def resume(self) -> None:
        async with self._closed_on_error():
            await super().resume()

    @asynccontextmanager
    async def _closed_on_error(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException as error:  # cancelled too
            # Where discord.py resumes the session it has to outlive this connection: 1000 ends it.
            code = 4000 if isinstance(error, OSError | ReconnectWebSocket) else 1000
            with suppress(Exception):  # it does not answer our goodbye, or is gone
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.close(code)
            raise

    async def received_message(self, msg: str | bytes, /) -> None:
        text = self._text(msg) if isinstance(msg, bytes) else msg
        if text is None:
            return  # there is more to come
        try:
            frame = read_frame(text)
        except FrameUnreadable:
            if not self._has_begun:
                raise
            log.error("discord.frame_unreadable")  # noqa: TRY400 - a traceback may hold a token or a text
            return
        if frame is None:
            return
        if frame["op"] == _INVALID_SESSION and frame.get("d") is not True:
            raise SessionOver
        # HELLO once a connection, or there are two threads of heartbeats; READY once a session:
        # what comes later would end what runs well.
        greeted = frame["op"] == _HELLO and self._keep_alive is not None
        if greeted or (frame.get("t") == "READY" and self._has_begun):
            log.error("discord.frame_unexpected", op=frame["op"])
            return
        await super().received_message(orjson.dumps(frame).decode())

    @property
    def _has_begun(self) -> bool:
        return self.session_id is not None and self._keep_alive is not None

    def _text(self, data: bytes) -> str | None:
        try:
            return self._decompressor.decompress(data)
        except Exception as error:  # zlib and zstd have errors of their own; or it is no UTF-8
            log.error("discord.stream_broken", error=type(error).__name__)  # noqa: TRY400 - a traceback may hold a token or a text
            raise ReconnectWebSocket(self.shard_id) from None


def use_socket() -> None:
    """Let discord.py's clients connect by ours; it has no other way to say so."""
    discord.client.DiscordWebSocket = GatewaySocket  # type: ignore[misc]  # a class of theirs, replaced


def read_frame(text: str) -> Json | None:
    """Return a frame as discord.py can read it; None: it is dropped.

    Raises:
        FrameUnreadable: it begins a session, and makes no sense.
    """
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        frame = None
    if not isinstance(frame, dict) or type(frame.get("op")) is not int:
        log.error("discord.frame_unreadable")  # its text may quote what somebody wrote
        return None
    op, name, data = frame["op"], frame.get("t"), frame.get("d")
    if type(frame.get("s")) is not int:
        frame["s"] = None  # the number of the last event stays
    if op == _HELLO and not is_hello(data):
        raise FrameUnreadable("HELLO")
    if op != _DISPATCH:
        return frame
    if name == "READY" and not is_ready(data):
        raise FrameUnreadable("READY")
    if name == "RESUMED":
        return {**frame, "d": {}}  # all that discord.py reads of it is what it writes itself
    if not isinstance(name, str) or not isinstance(data, dict):
        log.error("discord.frame_unreadable")
        return None
    return frame


def is_hello(data: object) -> bool:
    """Return whether this is what HELLO has to say."""
    interval = data.get("heartbeat_interval") if isinstance(data, dict) else None
    return isinstance(interval, int | float) and interval > 0


def is_ready(data: object) -> bool:
    """Return whether this is what READY has to say, as far as discord.py and we need it."""
    if not isinstance(data, dict):
        return False
    address = data.get("resume_gateway_url")
    return (
        isinstance(data.get("session_id"), str)
        and isinstance(address, str)
        and address.startswith(("ws://", "wss://"))
        and isinstance(data.get("user"), dict)
        and isinstance(data.get("guilds"), list)
    )
