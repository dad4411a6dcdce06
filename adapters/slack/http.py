"""Signed requests over HTTP, through the same listeners; installing by OAuth v2 beside them."""

from __future__ import annotations

import logging
import re
import secrets

import aiohttp
import structlog
from slack_bolt.adapter.starlette.async_handler import (
    AsyncSlackRequestHandler,
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from adapters.redis import keys
from adapters.redis.database import Database
from adapters.slack.client import web_client
from adapters.slack.errors import slack_errors
from adapters.slack.installations import QUIET, RedisInstallations
from adapters.slack.manifest import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH, scopes_used
from adapters.slack.settings import SlackSettings
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
    """Return the routes. `signed`: there is a secret by which requests can be checked."""
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


def oauth_flow(
    options: SlackSettings,
    database: Database,
    session: aiohttp.ClientSession,
    installations: RedisInstallations,
) -> AsyncOAuthFlow:
    """Return the flow behind /slack/install. Its redirect is the first URL of the manifest."""
    settings = AsyncOAuthSettings(
        client_id=options.client_id,
        client_secret=options.client_secret,
        scopes=list(scopes_used(admins_only=options.admins_only)),
        install_path=INSTALL_PATH,
        redirect_uri_path=REDIRECT_PATH,
        # Where a person agrees: on the host of the Web API, government Slack's too.
        authorization_url=options.base_url.rstrip("/").removesuffix("/api") + "/oauth/v2/authorize",
        installation_store=installations,
        installation_store_bot_only=True,
        state_store=RedisStates(database),
        logger=QUIET,
    )
    client = web_client(None, options.base_url, session)
    return AsyncOAuthFlow(client=client, logger=QUIET, settings=settings)


class RedisStates(AsyncOAuthStateStore):
    """Installations under way: each state is good once, for ten minutes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def logger(self) -> logging.Logger:
        return QUIET

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        del args, kwargs
        state = secrets.token_urlsafe(32)
        await self._database.call("SET", keys.slack_state(state), 1, "EX", keys.STATE_SECONDS)
        return state

    async def async_consume(self, state: str) -> bool:
        if not state or len(state) > 100:
            return False
        return await self._database.call("GETDEL", keys.slack_state(state)) is not None


async def _read(request: Request) -> bytes | None:
    """Return the body, or None if it is larger than anything of Slack's."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MOST_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
