"""Signed requests over HTTP, through the same listeners; the install pages beside them."""

from __future__ import annotations

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

EVENTS_PATH = "/slack/events"
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
# Slack's largest payloads (views with state) stay far below.
MOST_BYTES = 1_000_000


def slack_routes(app: AsyncApp, *, signed: bool) -> list[Route]:
    """Routes for a Starlette application. `signed`: there is a secret to check requests by."""
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return Response("too large", status_code=413)
        try:
            return await handler.handle(request)
        except UnicodeDecodeError:
            return Response("not UTF-8", status_code=400)

    routes = []
    if signed:
        routes.append(Route(EVENTS_PATH, receive, methods=["POST"]))
    if app.oauth_flow is not None:
        routes.append(Route(INSTALL_PATH, receive, methods=["GET"]))
        routes.append(Route(REDIRECT_PATH, receive, methods=["GET"]))
    return routes
