"""What this Slack sends to the app under test: by Socket Mode, or as signed HTTP requests.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.servers.slack.sockets import Sockets
from tests.servers.slack.world import Json, ResponseUrl, World

FORM = "application/x-www-form-urlencoded"


def sign(secret: str, timestamp: int, body: str) -> str:
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


@dataclass
class Delivery:
    """One thing sent to the app, and what it did with it.

    `answer` is the ack's payload (Socket Mode) or the body (HTTP); `status` only by HTTP.
    """

    payload: Json
    acked: bool = False
    answer: Any = None
    status: int | None = None
    attempts: int = 1
    seconds: float = 0.0
    url: ResponseUrl | None = None

    @property
    def responses(self) -> list[Json]:
        """All messages given in answer so far: by the ack, and by the response_url."""
        in_ack = [self.answer] if isinstance(self.answer, dict) and _is_message(self.answer) else []
        return in_ack + (self.url.got if self.url else [])

    async def response(self, timeout: float = 5.0) -> Json:  # noqa: ASYNC109 - a test's patience
        """The first message given in answer.

        Raises:
            TimeoutError: nothing came.
        """
        async with asyncio.timeout(timeout):
            while not self.responses and self.url is not None:
                await self.url.arrived.wait()
        return self.responses[0]

    def to_json(self) -> Json:
        return {
            "acked": self.acked,
            "answer": self.answer,
            "status": self.status,
            "attempts": self.attempts,
            "seconds": self.seconds,
            "response_url": self.url.id if self.url else None,
            "responses": self.responses,
        }


def _is_message(answer: Json) -> bool:
    return bool(answer.get("text") or answer.get("blocks"))


class Outbound:
    """Sends to the app. `request_url` set: by HTTP; else through the open sockets."""

    def __init__(self, world: World, sockets: Sockets) -> None:
        self.world = world
        self.sockets = sockets
        self.request_url: str | None = None
        self.skew_seconds = 0
        self.forge = False
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, kind: str, payload: Json, url: ResponseUrl | None = None) -> Delivery:
        """Deliver `payload`; `kind` is events_api, slash_commands or interactive."""
        if self.request_url is None:
            ack = await self.sockets.deliver(kind, payload, retry=kind == "events_api")
            return Delivery(payload, ack.acked, ack.payload, None, ack.attempts, ack.seconds, url)
        return await self._by_http(kind, payload, url)

    async def _by_http(self, kind: str, payload: Json, url: ResponseUrl | None) -> Delivery:
        if kind == "slash_commands":
            body, content = urlencode({k: v for k, v in payload.items() if v is not None}), FORM
        elif kind == "interactive":
            body, content = urlencode({"payload": json.dumps(payload)}), FORM
        else:
            body, content = json.dumps(payload), "application/json"
        loop = asyncio.get_running_loop()
        start = loop.time()
        tries = 4 if kind == "events_api" else 1
        delivery = Delivery(payload, url=url)
        for attempt in range(tries):
            headers = self.headers(body, content)
            if attempt:
                headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_error"}
            delivery.attempts = attempt + 1
            await self.post(body, headers, delivery)
            if delivery.acked or delivery.status == 401:
                break
        delivery.seconds = loop.time() - start
        return delivery

    def headers(self, body: str, content_type: str) -> dict[str, str]:
        timestamp = int(self.world.now()) + self.skew_seconds
        secret = "another-secret" if self.forge else self.world.signing_secret
        return {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": str(timestamp),
            "X-Slack-Signature": sign(secret, timestamp, body),
        }

    async def post(self, body: str, headers: dict[str, str], delivery: Delivery) -> None:
        """One HTTP request to the app; a failure leaves `delivery` not acked."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3))
        if self.request_url is None:
            raise RuntimeError("no request_url is set")
        try:
            async with self._session.post(self.request_url, data=body, headers=headers) as answer:
                text = await answer.text()
                delivery.status = answer.status
                delivery.acked = answer.status == 200
                json_body = answer.content_type == "application/json" and text
                delivery.answer = json.loads(text) if json_body else text or None
        except (aiohttp.ClientError, TimeoutError):
            delivery.status = None
