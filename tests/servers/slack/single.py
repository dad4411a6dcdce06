"""One workspace as the directory of all: for what sends without a store."""

from adapters.slack.client import Workspace
from bot.domain.errors import TenantGone


class SingleWorkspace:
    """The workspace of one bot token. Nothing but that workspace is ever answered or written to."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    async def find(self, tenant: str) -> Workspace:
        if tenant != self.workspace.tenant:
            raise TenantGone("not installed there")
        return self.workspace
