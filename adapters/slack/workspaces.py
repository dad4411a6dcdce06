"""Which token speaks for which workspace: the operator's own, and the installed ones.

A tenant is a team id, or the id of an Enterprise organisation where the app is installed for all
of it: channel ids are unique within either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.client import SlackClient, Workspace, identify
from adapters.slack.errors import SlackUnreachable
from bot.domain.errors import StoreError, TenantGone, TenantPaused

log = structlog.get_logger()


class Workspaces(Protocol):
    """Finds the installation of a tenant."""

    async def find(self, tenant: str) -> Workspace:
        """Look it up; cached by the implementation.

        Raises:
            TenantGone: the app is not installed there.
        """
        ...


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


class SlackClients:
    """One client per workspace over one shared session."""

    def __init__(
        self, workspaces: Workspaces, *, base_url: str, session: aiohttp.ClientSession
    ) -> None:
        self._workspaces = workspaces
        self._base_url = base_url
        self._session = session
        self._clients: dict[str, SlackClient] = {}

    async def of(self, tenant: str) -> SlackClient:
        """Return the client of one workspace.

        Raises:
            TenantGone: the app is not installed there.
        """
        workspace = await self._workspaces.find(tenant)
        client = self._clients.get(workspace.tenant)
        if client is None or client.workspace != workspace:
            client = SlackClient(workspace, self._base_url, self._session)
            self._clients[workspace.tenant] = client
        return client

    def forget(self, tenant: str) -> None:
        """Drop the client of a workspace whose token changed or ended."""
        self._clients.pop(tenant, None)


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


def tenant_of(context: Mapping[str, Any]) -> str:
    """Return the installation that a request belongs to: its team, or the whole organisation."""
    if context.get("is_enterprise_install") and context.get("enterprise_id"):
        return str(context["enterprise_id"])
    return str(context.get("team_id") or "")
