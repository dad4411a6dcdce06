"""The workspace of the operator's own token, and all workspaces together."""

from __future__ import annotations

import asyncio

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import SlackUnreachable
from adapters.slack.workspaces import Workspace, Workspaces, identify
from bot.domain.errors import StoreError, TenantGone


class OperatorWorkspace:
    """One bot token, one workspace. Nothing but that is answered or written to by it."""

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
        workspace = self._workspace or await self.identify()
        if workspace.tenant != tenant:
            raise TenantGone("not installed there")
        return workspace


class WorkspaceDirectory:
    """The operator's own workspace and the installed ones, as far as there are such."""

    def __init__(self, own: Workspaces | None, installed: Workspaces | None) -> None:
        self._own = own
        self._installed = installed

    async def find(self, tenant: str) -> Workspace:
        if self._own is not None:
            try:
                return await self._own.find(tenant)
            except TenantGone:
                if self._installed is None:
                    raise
        if self._installed is None:
            raise TenantGone("not installed there")
        try:
            return await self._installed.find(tenant)
        except StoreError as error:
            raise SlackUnreachable(f"the token cannot be read now: {error}") from None
