"""The receiving half: one Bolt app with all listeners, for sockets and for signed requests."""

from __future__ import annotations

import logging

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow

from adapters.slack.lifecycle import Uninstalled, listen_to_slack
from adapters.slack.listeners import listen_to_people
from adapters.slack.responder import Responder, log, tenant_of
from adapters.slack.workspaces import Workspaces, web_client
from bot.domain.errors import TenantGone, TenantPaused

# Bolt tells at every start which of its environment variables win, and it logs requests.
_QUIET = logging.getLogger("adapters.slack.bolt")
_QUIET.setLevel(logging.CRITICAL)


class Authorize(AsyncAuthorize):
    """Finds the token of a request's workspace. Others get Bolt's word that we are not there."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult | None:
        del actor_enterprise_id, actor_team_id, actor_user_id
        try:
            workspace = await self._workspaces.find(tenant_of(context))
        except TenantGone:
            return None
        except TenantPaused as paused:
            log.error("slack.token_unreadable", reason=paused.reason)
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            user_id=user_id,
            bot_user_id=workspace.bot_user or None,
            bot_token=workspace.token,
        )


def build_app(
    responder: Responder,
    workspaces: Workspaces,
    *,
    base_url: str,
    signing_secret: str,
    uninstalled: Uninstalled,
    oauth_flow: AsyncOAuthFlow | None = None,
) -> AsyncApp:
    """Make the app. With an empty `signing_secret` it serves Socket Mode only."""
    app = AsyncApp(
        name="isclaudedown",
        logger=_QUIET,
        signing_secret=signing_secret,
        client=web_client(None, base_url, responder.session),
        authorize=Authorize(workspaces),  # type: ignore[arg-type]  # bolt's own may return None too
        oauth_flow=oauth_flow,
        raise_error_for_unhandled_request=True,  # see `listen_to_slack`
    )
    listen_to_people(app, responder)
    listen_to_slack(app, responder, uninstalled)
    return app
