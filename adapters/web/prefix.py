"""Answers under the path of the public address, for a proxy that passes that path on as it is.

A proxy that cuts it off needs nothing: pages link to each other by relative addresses.
"""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class UnderPrefix:
    """Serves the application at `prefix` ("/status") as well as at the top."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if path == self._prefix:
                # Without the slash, relative addresses would lead beside it.
                await RedirectResponse(f"{self._prefix}/", 308)(scope, receive, send)
                return
            if path.startswith(f"{self._prefix}/"):
                scope = {**scope, "root_path": self._prefix}
        await self._app(scope, receive, send)
