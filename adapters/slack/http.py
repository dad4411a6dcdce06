"""Signed requests over HTTP, through the same listeners; the install pages beside them."""

from __future__ import annotations

import re

import structlog
from slack_bolt.adapter.starlette.async_handler import (
    AsyncSlackRequestHandler,
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from adapters.slack.errors import slack_errors
from adapters.slack.paths import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH
from bot.domain.errors import DeliveryError, StoreError

log = structlog.get_logger()

# Slack's largest payloads (views with state) stay far below.
MOST_BYTES = 1_000_000
# bolt takes the one for a number and the other for ASCII, without looking.
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{1,64}")
_NOT_NOW = (
    "<h2>Not now</h2><p>Slack does not answer, or the app cannot keep what it says. "
    f'Try again from <a href="{INSTALL_PATH}">here</a> in a minute.</p>'
)


def slack_routes(app: AsyncApp, *, signed: bool) -> list[Route]:
    """Routes for a Starlette application. `signed`: there is a secret to check requests by."""
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        given = request.headers
        if not (
            _TIMESTAMP.fullmatch(given.get("x-slack-request-timestamp", ""))
            and _SIGNATURE.fullmatch(given.get("x-slack-signature", ""))
        ):
            return JSONResponse({"error": "invalid request"}, status_code=401)
        body = await _read(request)
        if body is None:
            return Response("too large", status_code=413)
        try:
            parsed = to_async_bolt_request(request, body)
        except (ValueError, TypeError, AttributeError):
            # bolt takes its shape for granted, before it looks at the signature.
            return Response("not what Slack sends", status_code=400)
        return to_starlette_response(await app.async_dispatch(parsed))

    async def install(request: Request) -> Response:
        try:
            with slack_errors():
                return await handler.handle(request)
        except (DeliveryError, StoreError, BoltError) as error:
            log.warning("slack.install_failed", reason=type(error).__name__)
            return HTMLResponse(_NOT_NOW, status_code=503)

    routes = []
    if signed:
        routes.append(Route(EVENTS_PATH, receive, methods=["POST"]))
    if app.oauth_flow is not None:
        routes.append(Route(INSTALL_PATH, install, methods=["GET"]))
        routes.append(Route(REDIRECT_PATH, install, methods=["GET"]))
    return routes


async def _read(request: Request) -> bytes | None:
    """The body, or None if it is larger than anything of Slack's."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MOST_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
