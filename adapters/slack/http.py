"""Signed requests over HTTP, through the same listeners; the install pages beside them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping

import structlog
from slack_bolt.adapter.starlette.async_handler import (
    AsyncSlackRequestHandler,
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from adapters.client_rate import MOST_CLIENTS, ClientRate
from adapters.slack.errors import SlackUnreachable, slack_errors
from adapters.slack.manifest import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH
from bot.domain.errors import DeliveryError, StoreError

log = structlog.get_logger()

# Slack's largest payloads (views with state) stay far below.
MOST_BYTES = 1_000_000
SIGNED_SECONDS = 300
# A client whose signature was wrong twice within this time sends no more than so much, until it
# has been forgiven (guesses: most of Slack's requests have some thousand bytes).
FORGIVEN_SECONDS, SUSPECT_BYTES = 10.0, 32_000
# Each end of an installation asks Slack, and is remembered for ten minutes, whoever made it up. The
# people of one office come from one address (guesses).
INSTALLS, INSTALL_BURST = 0.2, 20  # a second, for each client
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NOT_NOW = (
    "<h2>Not now</h2><p>Slack does not answer, the app cannot keep what it says, or it was asked "
    "too often. "
    f'Try again from <a href="{INSTALL_PATH}">here</a> in a minute.</p>'
)


def slack_routes(
    app: AsyncApp, *, secret: str, wall: Callable[[], float], monotonic: Callable[[], float]
) -> list[Route]:
    """Return the routes. `secret` checks requests; empty: none are taken, only installations.

    `wall` is the wall clock in seconds; `monotonic` counts for the limits.
    """
    handler = AsyncSlackRequestHandler(app)
    forgers = _Forgers(monotonic)
    installs = ClientRate(INSTALLS, INSTALL_BURST, monotonic)

    async def receive(request: Request) -> Response:
        """Check the signature over the raw body before anything reads it."""
        client = request.client.host if request.client else ""
        most = SUSPECT_BYTES if forgers.suspects(client) else MOST_BYTES
        try:
            body = await _read(request, most)
        except ClientDisconnect:
            return Response("gone", status_code=400)  # nobody reads it
        if body is None:
            return Response("too large", status_code=413)
        if not is_signed(secret, request.headers, body, wall()):
            forgers.note(client)
            return JSONResponse({"error": "invalid request"}, status_code=401)
        return await _dispatch(app, request, body)

    async def install(request: Request) -> Response:
        if wait := installs.wait(request.client.host if request.client else "?"):
            return HTMLResponse(_NOT_NOW, status_code=429, headers={"Retry-After": str(wait)})
        try:
            with slack_errors():
                return await handler.handle(request)
        except (DeliveryError, StoreError, BoltError) as error:
            log.warning("slack.install_failed", reason=type(error).__name__)
            return HTMLResponse(_NOT_NOW, status_code=503)

    routes = []
    if secret:
        routes.append(Route(EVENTS_PATH, receive, methods=["POST"]))
    if app.oauth_flow is not None:
        routes.append(Route(INSTALL_PATH, install, methods=["GET"]))
        routes.append(Route(REDIRECT_PATH, install, methods=["GET"]))
    return routes


async def _dispatch(app: AsyncApp, request: Request, body: bytes) -> Response:
    """Hand a signed request to bolt, which takes the shape of a body for granted."""
    try:
        parsed = to_async_bolt_request(request, body)
        return to_starlette_response(await app.async_dispatch(parsed))
    except SlackUnreachable as error:
        # Whose request it is cannot be read now: Slack sends events again.
        log.warning("slack.request_put_off", reason=error.reason)
        return Response("not now", status_code=503)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        log.warning("slack.request_unknown", error=type(error).__name__)
        return Response("not what Slack sends", status_code=400)


class _Forgers:
    """Clients whose signatures were wrong lately. They are heard, since Slack may come through the
    same proxy, but send nothing large.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, float] = OrderedDict()  # when they are forgiven

    def suspects(self, client: str) -> bool:
        return self._failed.get(client, 0.0) > self._clock() + FORGIVEN_SECONDS

    def note(self, client: str) -> None:
        """Count one failure: each is forgiven after `FORGIVEN_SECONDS`, one after the other."""
        before = self._failed.pop(client, 0.0)
        self._failed[client] = max(before, self._clock()) + FORGIVEN_SECONDS
        while len(self._failed) > MOST_CLIENTS:
            self._failed.popitem(last=False)


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Return whether Slack signed these bytes within five minutes of `now` (seconds).

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    timestamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    if not _TIMESTAMP.fullmatch(timestamp) or abs(now - int(timestamp)) > SIGNED_SECONDS:
        return False
    signed = hmac.new(secret.encode(), b"v0:%s:%s" % (timestamp.encode(), body), hashlib.sha256)
    return hmac.compare_digest(
        f"v0={signed.hexdigest()}".encode(), signature.encode("utf-8", "replace")
    )


async def _read(request: Request, most: int) -> bytes | None:
    """Return the body, or None if it is larger than `most` bytes."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)
