"""Installing the app in any workspace: OAuth v2, by bolt's flow with our stores."""

from __future__ import annotations

import logging

import aiohttp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings

from adapters.slack.installations import RedisInstallations, RedisStates
from adapters.slack.manifest import scopes_used
from adapters.slack.paths import INSTALL_PATH, REDIRECT_PATH
from adapters.slack.workspaces import web_client

_QUIET = logging.getLogger("adapters.slack.oauth")
_QUIET.setLevel(logging.CRITICAL)


def oauth_flow(
    *,
    client_id: str,
    client_secret: str,
    base_url: str,
    session: aiohttp.ClientSession,
    installations: RedisInstallations,
    states: RedisStates,
    admins_only: bool = False,
) -> AsyncOAuthFlow:
    """The flow behind /slack/install. The redirect goes to the first URL of the manifest."""
    settings = AsyncOAuthSettings(
        client_id=client_id,
        client_secret=client_secret,
        scopes=list(scopes_used(admins_only=admins_only)),
        install_path=INSTALL_PATH,
        redirect_uri_path=REDIRECT_PATH,
        authorization_url=authorization_url(base_url),
        installation_store=installations,
        installation_store_bot_only=True,
        state_store=states,
        logger=_QUIET,
    )
    return AsyncOAuthFlow(
        client=web_client(None, base_url, session), logger=_QUIET, settings=settings
    )


def authorization_url(base_url: str) -> str:
    """Where a person agrees: on the host of the Web API, government Slack's too."""
    return base_url.rstrip("/").removesuffix("/api") + "/oauth/v2/authorize"
