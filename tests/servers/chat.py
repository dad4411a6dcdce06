"""A small chat platform over real HTTP, for what every platform has in common.

    async with ChatServer() as server:
        messenger = ChatMessenger(server.url, "chat")

It keeps every message that it took, in order, and can fail on purpose: before it took a request,
or after. It never tells one message from another: what is posted twice stands there twice.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

import aiohttp
from aiohttp import web

from bot.domain.errors import (
    CannotLook,
    ChannelGone,
    DeliveryError,
    Malformed,
    MessageGone,
    RateLimited,
    TenantGone,
    Uncertain,
)
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messenger import Access, Bucket


class Fault(StrEnum):
    ERROR = "500, nothing done"
    ERROR_TAKEN = "500, although done"
    DROP = "connection closed, nothing done"
    DROP_TAKEN = "connection closed, although done"
    LIMIT = "429"
    SLOW = "done, answered late"
    STUCK = "never answered, nothing done"
    GONE = "channel gone"
    TENANT_GONE = "tenant gone"
    MALFORMED = "form refused"
    MESSAGE_GONE = "message gone"


@dataclass(slots=True)
class PostedMessage:
    """One message as people see it. `shown`: every title it ever had, the last one now."""

    id: int
    channel: str
    root: int | None
    key: str
    shown: list[str]
    in_channel: bool = False
    mention: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


# Asked before each request: operation ("open", "reply", "revise", "find", …), channel.
Faults = Callable[[str, str], Fault | None]


@dataclass
class ChatServer:
    """`faults` decides what goes wrong. Times in seconds."""

    faults: Faults = lambda _, __: None
    retry_after: float = 0.2
    slow: float = 0.05
    messages: dict[int, PostedMessage] = field(default_factory=dict)
    closed: list[int] = field(default_factory=list)
    pinned: set[int] = field(default_factory=set)
    pin_lines: int = 0  # how often something was pinned that was not
    url: str = ""
    _ids: Any = field(default_factory=lambda: itertools.count(1))
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{what}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def thread(self, channel: str, incident: str = "") -> list[PostedMessage]:
        """Return a channel's messages, in the order in which they were taken."""
        return [m for m in self.messages.values() if m.channel == channel and incident in m.key]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        what, body = request.match_info["what"], await request.json()
        fault = self.faults(what, body["channel"])
        if (refusal := await self._refuse(fault)) is not None:
            answer = refusal
        else:
            answer = web.json_response(self._take(what, body))
        if fault is Fault.SLOW:
            await asyncio.sleep(self.slow)
        if fault is Fault.ERROR_TAKEN:
            answer = web.Response(status=500)
        if fault in {Fault.DROP, Fault.DROP_TAKEN} and request.transport is not None:
            request.transport.abort()
        return answer

    async def _refuse(self, fault: Fault | None) -> web.Response | None:
        """Answer without having done anything, where the fault says so."""
        match fault:
            case Fault.ERROR | Fault.DROP:
                return web.Response(status=500)
            case Fault.LIMIT:
                return web.Response(status=429, headers={"Retry-After": str(self.retry_after)})
            case Fault.GONE | Fault.TENANT_GONE | Fault.MALFORMED | Fault.MESSAGE_GONE:
                return web.json_response({"error": fault.value})
            case Fault.STUCK:
                await asyncio.sleep(3600)
        return None

    def _take(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        match what:
            case "open" | "reply" | "say":
                message = PostedMessage(
                    next(self._ids),
                    body["channel"],
                    body.get("root"),
                    body["key"],
                    [body["title"]],
                    body.get("in_channel", False),
                    body.get("mention"),
                )
                self.messages[message.id] = message
                return {"id": message.id}
            case "revise":
                if body["message"] not in self.messages:
                    return {"error": Fault.MESSAGE_GONE.value}
                self.messages[body["message"]].shown.append(body["title"])
            case "pin" | "unpin":
                if body["message"] not in self.messages:
                    return {"error": Fault.MESSAGE_GONE.value}
                self._pin(body["message"], pinned=what == "pin")
            case "close":
                self.closed.append(body["root"])
            case _:
                return self._find(body)
        return {}

    def _pin(self, message: int, *, pinned: bool) -> None:
        if pinned and message not in self.pinned:
            self.pin_lines += 1
            self.pinned.add(message)
        elif not pinned:
            self.pinned.discard(message)

    def _find(self, body: dict[str, Any]) -> dict[str, Any]:
        since, keys = datetime.fromisoformat(body["since"]), set(body["keys"])
        return {
            message.key: message.id
            for message in self.messages.values()
            if message.channel == body["channel"]
            and message.root == body["root"]
            and message.key in keys
            and message.at >= since
        }


class ChatMessenger:
    """Speaks to a `ChatServer`; use it as a context manager."""

    closes_threads = True

    def __init__(
        self,
        url: str,
        platform: str = "chat",
        *,
        bucket: Bucket | None = None,
        channel_interval: float = 0.0,
        connections: int = 512,
        can_look: bool = True,
        can_pin: bool = False,
        rationed: bool = False,
    ) -> None:
        self.rationed = rationed
        self.platform = platform
        self.channel_interval = channel_interval
        self._url = url
        self._bucket = bucket
        self._connections = connections
        self._can_look = can_look
        self.pins = ChatPins(self) if can_pin else None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=self._connections)
        self._session = aiohttp.ClientSession(self._url, connector=connector)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        return [self._bucket] if self._bucket else []

    def at_once(self, channel: Channel, ready: int) -> int:
        return self._connections

    async def open_thread(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        return await self._post("open", channel, card, key, root=None, mention=mention)

    async def reply(
        self,
        channel: Channel,
        root: str,
        card: Message,
        key: str,
        *,
        in_channel: bool = False,
        mention: str | None = None,
    ) -> str:
        return await self._post(
            "reply", channel, card, key, root=int(root), in_channel=in_channel, mention=mention
        )

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        await self.request("revise", channel, message=int(message), title=card.title)

    async def close_thread(self, channel: Channel, root: str) -> None:
        await self.request("close", channel, root=int(root))

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        if not self._can_look:
            raise CannotLook("missing_scope")
        found = await self.request(
            "find",
            channel,
            root=None if root is None else int(root),
            keys=list(keys),
            since=since.isoformat(),
        )
        return {key: str(id_) for key, id_ in found.items()}

    async def access(self, channel: Channel) -> Access:
        return Access(ok=True)

    async def direct(self, channel: Channel, person: str) -> Channel:
        return Channel(self.platform, channel.tenant, f"D-{person}")

    async def say(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        return await self._post("say", channel, card, key, root=None, mention=mention)

    async def _post(
        self,
        what: str,
        channel: Channel,
        card: Message,
        key: str,
        *,
        root: int | None,
        in_channel: bool = False,
        mention: str | None = None,
    ) -> str:
        answer = await self.request(
            what,
            channel,
            title=card.title,
            key=key,
            root=root,
            in_channel=in_channel,
            mention=mention,
        )
        return str(answer["id"])

    async def request(self, what: str, channel: Channel, **body: Any) -> dict[str, Any]:
        assert self._session is not None
        body["channel"] = f"{channel.tenant}/{channel.id}"
        try:
            async with self._session.post(f"/{what}", json=body) as response:
                if response.status == 429:
                    wait = float(response.headers["Retry-After"])
                    name = self._bucket.name if self._bucket else None
                    raise RateLimited("ratelimited", retry_after=wait, bucket=name)
                if response.status >= 500:
                    raise Uncertain(f"HTTP {response.status}")
                answer: dict[str, Any] = await response.json()
        except aiohttp.ClientConnectorError as error:
            raise DeliveryError("unreachable") from error
        except aiohttp.ClientError as error:
            raise Uncertain(type(error).__name__) from error
        if "error" in answer:
            raise ERRORS[Fault(answer["error"])](answer["error"])
        return answer


class ChatPins:
    """The pins of a `ChatServer`. `refusal`: why nothing can be pinned at present."""

    def __init__(self, messenger: ChatMessenger) -> None:
        self._messenger = messenger
        self.refusal = ""

    async def problem(self, channel: Channel) -> str:
        del channel
        return self.refusal

    async def pin(self, channel: Channel, message: str) -> str:
        if not self.refusal:
            await self._messenger.request("pin", channel, message=int(message))
        return self.refusal

    async def unpin(self, channel: Channel, message: str) -> None:
        await self._messenger.request("unpin", channel, message=int(message))


ERRORS: dict[Fault, type[DeliveryError]] = {
    Fault.GONE: ChannelGone,
    Fault.TENANT_GONE: TenantGone,
    Fault.MALFORMED: Malformed,
    Fault.MESSAGE_GONE: MessageGone,
}
