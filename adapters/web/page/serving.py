"""Answers requests for pages, also while our own store is away, and for the files they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adapters.web.endpoint import Endpoint
from adapters.web.page.pages import PAGES, Content, Page
from adapters.web.page.site import ASSETS
from bot.domain.page import Severity

if TYPE_CHECKING:
    from adapters.web.app import Web

_FOR_GOOD = "public, max-age=31536000, immutable"  # their address changes with them
_FOR_A_DAY = "public, max-age=86400"


def endpoint_of(page: Page) -> Endpoint:
    """The endpoint that answers with this page."""

    async def handle(web: Web, request: Request) -> Response:
        view = await web.status.view()
        params = {**request.query_params, **request.path_params}
        content = await page.show(web, view, params)
        away = bool(web.status.snapshot.failure)
        known_at = max((p.checked_at for p in view.providers if p.checked_at), default=None)
        return whole(web, request, content, view.at, known_at if away else None)

    return Endpoint(page.path, (page.show.__doc__ or "").strip(), handle)


def whole(
    web: Web,
    request: Request,
    content: Content,
    now: datetime,
    away_since: datetime | None = None,
    status: int = 200,
) -> Response:
    """Answer with the whole page of this content."""
    own = {
        "title": content.title,
        "severity": content.severity,
        "description": content.description or content.title,
        "now": now,
        "away_since": away_since,
        "wall": content.main == "wall.html",
    }
    return web.site.page(request, content.main, {**own, **content.values}, status)


async def asset(web: Web, request: Request) -> Response:
    """A file of ours that pages refer to."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    return web.site.respond(request, web.site.assets[name], ASSETS[name], cache=_FOR_GOOD)


async def icon(web: Web, request: Request) -> Response:
    """The icon of a tab: the shape and the colour of a severity."""
    severities = {severity.value: severity for severity in Severity}
    severity = severities.get(request.path_params["severity"])
    if severity is None:
        raise HTTPException(404)
    drawn = web.site.draw("icon.svg", {"severity": severity})
    return web.site.respond(request, drawn.encode(), "image/svg+xml", cache=_FOR_A_DAY)


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, and not for the API."""
    is_api = request.url.path.startswith(("/v1/", "/hooks/", "/mcp"))
    return not is_api and "text/html" in request.headers.get("accept", "")


def error_page(
    web: Web, request: Request, status: int, message: str, headers: Mapping[str, str]
) -> Response:
    """Say to a person what went wrong and where else to look."""
    content = Content("error.html", message, {"status": status})
    answer = whole(web, request, content, web.clock(), status=status)
    answer.headers.update(headers)
    return answer


WEB_PAGES: tuple[Endpoint, ...] = (
    *(endpoint_of(page) for page in PAGES),
    Endpoint("/static/{name}", "A file of the pages", asset),
    Endpoint("/icon/{severity}.svg", "The icon of a tab", icon),
)
