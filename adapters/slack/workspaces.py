"""Workspaces with the token for each: the operator's own, and the installed ones.

A tenant is a team id, or the id of an Enterprise organisation where the app is installed for all
of it: channel ids are unique within either.
"""

from __future__ import annotations

import asyncio

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.client import Workspace, Workspaces, identify
from adapters.slack.errors import SlackUnreachable
from adapters.slack.interaction import tenant_of
from bot.domain.errors import StoreError, TenantGone, TenantPaused

log = structlog.get_logger()


class OperatorWorkspace:
    """The workspace of the operator's bot token. Nothing but that is answered or written to."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._workspace: Workspace | None = None
        self._asking = asyncio.Lock()

    async def identify(self) -> Workspace:
        """Ask Slack once whose token it is.

        Raises:
            DeliveryError: TenantGone if it is nobody's; else Slack did not answer.
        """
        async with self._asking:
            if self._workspace is None:
                self._workspace = await identify(self._client)
            return self._workspace

    async def find(self, tenant: str) -> Workspace:
        """See `Workspaces.find`."""
        workspace = self._workspace or await self.identify()
        if workspace.tenant != tenant:
            raise TenantGone("not installed there")
        return workspace


class WorkspaceDirectory:
    """The operator's workspace and the installed ones, as far as there are such."""

    def __init__(self, operator: Workspaces | None, installed: Workspaces | None) -> None:
        self._operator = operator
        self._installed = installed

    async def find(self, tenant: str) -> Workspace:
        """See `Workspaces.find`."""
        if self._operator is not None:
            try:
                return await self._operator.find(tenant)
            except TenantGone:
                if self._installed is None:
                    raise
        if self._installed is None:
            raise TenantGone("not installed there")
        try:
            return await self._installed.find(tenant)
        except StoreError as error:
            raise SlackUnreachable(f"the token cannot be read now: {error}") from None


class Authorize(AsyncAuthorize):
    """Finds the token of a request's workspace; without one bolt answers that we are not there."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        **_actor: str | None,
    ) -> AuthorizeResult | None:
        try:
            workspace = await self._workspaces.find(tenant_of(context))
        except TenantGone:
            return None
        except TenantPaused as paused:
            log.error("slack.token_unreadable", reason=paused.reason)  # noqa: TRY400 (no traceback)
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            user_id=user_id,
            bot_user_id=workspace.bot_user or None,
            bot_token=workspace.token,
        )
