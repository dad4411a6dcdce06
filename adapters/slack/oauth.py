"""Installing the app in a workspace: OAuth v2 by bolt's flow, and what the installer sees then."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable

import aiohttp
import structlog
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from adapters.redis import keys
from adapters.redis.database import Database
from adapters.slack.client import web_client
from adapters.slack.installations import QUIET, RedisInstallations, tenant_of_installation
from adapters.slack.manifest import INSTALL_PATH, REDIRECT_PATH, SCOPES
from adapters.slack.settings import SlackSettings
from bot.domain.errors import DeliveryError
from bot.domain.message import Button, Lines, Message, Text

log = structlog.get_logger()
# The page waits so long for the first message to the installer (a guess).
WELCOME_SECONDS = 3.0
# Gets the workspace and the person who installed the app there.
Welcome = Callable[[str, str], Awaitable[None]]
_INSTALLED = """<!doctype html><meta charset="utf-8"><title>isclaudedown is installed</title>
<h2>isclaudedown is installed</h2>
<ol>
<li>In a channel, type <code>/isclaudedown subscribe</code>: it is told when Claude goes down, and
when it is back.</li>
<li>In a private channel, type <code>/invite @isclaudedown</code> before.</li>
<li>Anywhere, type <code>/isclaudedown</code> to ask: Is Claude down, or is it me?</li>
</ol>
<p>You may close this window; isclaudedown has written to you in Slack.</p>
"""


def oauth_flow(
    options: SlackSettings,
    database: Database,
    session: aiohttp.ClientSession,
    installations: RedisInstallations,
    *,
    welcome: Welcome,
    wall: Callable[[], float],
) -> AsyncOAuthFlow:
    """Return the flow behind /slack/install. Its redirect is the first URL of the manifest."""

    async def installed(args: AsyncSuccessArgs) -> BoltResponse:
        response = await args.default.success(args)
        response.body = _INSTALLED
        try:
            async with asyncio.timeout(WELCOME_SECONDS):
                installation = args.installation
                await welcome(tenant_of_installation(installation), installation.user_id)
        except (DeliveryError, TimeoutError) as error:
            log.warning("slack.welcome_failed", reason=str(error) or type(error).__name__)
        return response

    async def refused(args: AsyncFailureArgs) -> BoltResponse:
        return await args.default.failure(args)

    settings = AsyncOAuthSettings(
        client_id=options.client_id,
        client_secret=options.client_secret,
        scopes=list(SCOPES),
        install_path=INSTALL_PATH,
        redirect_uri_path=REDIRECT_PATH,
        # Where a person agrees: on the host of the Web API, government Slack's too.
        authorization_url=options.base_url.rstrip("/").removesuffix("/api") + "/oauth/v2/authorize",
        callback_options=AsyncCallbackOptions(success=installed, failure=refused),
        installation_store=installations,
        installation_store_bot_only=True,
        state_store=SignedStates(database, options.client_secret, wall),
        logger=QUIET,
    )
    client = web_client(None, options.base_url, session)
    return AsyncOAuthFlow(client=client, logger=QUIET, settings=settings)


def welcome_message(conversation: str) -> Message:
    """Return the first words to who installed the app, in the conversation with that person."""
    return Message(
        "Thanks for installing me",
        "Thanks for installing isclaudedown. Type /isclaudedown subscribe in a channel, or "
        "/isclaudedown to ask.",
        emoji="👋",
        blocks=(
            Lines(
                (
                    (
                        Text("I answer "),
                        Text("/isclaudedown", code=True),
                        Text(
                            " (is Claude down, or is it me?), and tell channels when that changes."
                        ),
                    ),
                    (
                        Text("Pick a channel below, or type "),
                        Text("/isclaudedown subscribe", code=True),
                        Text(" in it; in a private one "),
                        Text("/invite @isclaudedown", code=True),
                        Text(" before."),
                    ),
                )
            ),
        ),
        buttons=(
            Button("settings", "Pick a channel…", primary=True),
            Button("channel.example", "Show me an example", f"test/{conversation}"),
            Button("subscribe", "Tell me alone"),
        ),
    )


class SignedStates(AsyncOAuthStateStore):
    """Installations under way, which keep nothing: a state is its own proof, for ten minutes.

    It is good once: what is kept is that it was used.
    """

    def __init__(self, database: Database, secret: str, wall: Callable[[], float]) -> None:
        self._database = database
        self._secret = secret.encode()
        self._wall = wall

    @property
    def logger(self) -> logging.Logger:
        return QUIET

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        del args, kwargs
        return self._signed(f"{secrets.token_urlsafe(24)}.{int(self._wall())}")

    async def async_consume(self, state: str) -> bool:
        stated, _, _ = state.rpartition(".")
        issued_at = stated.rpartition(".")[2]
        if len(state) > 200 or not hmac.compare_digest(
            self._signed(stated).encode(), state.encode("utf-8", "replace")
        ):
            return False
        if self._wall() - int(issued_at) > keys.STATE_SECONDS:
            return False
        name = keys.slack_state(state)
        return bool(await self._database.call("SET", name, 1, "NX", "EX", keys.STATE_SECONDS))

    def _signed(self, stated: str) -> str:
        proof = hmac.new(self._secret, f"state:{stated}".encode("utf-8", "replace"), hashlib.sha256)
        return f"{stated}.{proof.hexdigest()}"
