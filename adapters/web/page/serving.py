"""Answers requests for pages and for the files that they refer to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adapters.web.endpoint import Endpoint
from adapters.web.page.live import version_of
from adapters.web.page.pages import Content, WebPage
from adapters.web.page.site import ASSETS, middle_of, path_of, root_of
from bot.domain.page import Severity
from bot.status.view import StatusView

if TYPE_CHECKING:
    from adapters.web.app import Web

_FOR_GOOD = "public, max-age=31536000, immutable"  # their address changes with them
HTML = "text/html; charset=utf-8"
DRAWN_FOR = 1.0  # seconds: ages are told to the second
MOST_DRAWN = 128
_FOR_A_DAY = "public, max-age=86400"


@dataclass(slots=True)
class DrawnPages:
    """Whole pages as they were drawn, for all who come within a second and with nothing written."""

    pages: OrderedDict[tuple[str, ...], tuple[float, bytes]] = field(default_factory=OrderedDict)

    def expire(self) -> None:
        self.pages.clear()

    def get(self, key: tuple[str, ...], now: float) -> bytes | None:
        at, body = self.pages.get(key, (now - DRAWN_FOR, b""))
        return body if now - at < DRAWN_FOR else None

    def put(self, key: tuple[str, ...], now: float, body: bytes) -> None:
        self.pages.pop(key, None)
        self.pages[key] = now, body
        if len(self.pages) > MOST_DRAWN:
            self.pages.popitem(last=False)


def endpoint_of(page: WebPage) -> Endpoint:
    """The endpoint that answers with this page."""

    async def handle(web: Web, request: Request) -> Response:
        params = {name: request.query_params.get(name, "") for name in page.params}
        key = (path_of(request), web.site.base(request), *params.values())
        now = web.monotonic()
        body = web.drawn.get(key, now)
        if body is None:
            view = await web.status.view()
            content = await page.show(web, view, {**params, **request.path_params})
            body = whole(web, request, content, view, live=page.live)
            web.drawn.put(key, now, body)
        return web.site.respond(request, body, HTML)

    return Endpoint(page.path, (page.show.__doc__ or "").strip(), handle)


def whole(
    web: Web, request: Request, content: Content, view: StatusView, *, live: bool = False
) -> bytes:
    """Draw the whole page of this content."""
    path = path_of(request)
    root = root_of(path)
    middle = middle_of(web, root, content, view)
    values = {"live": f"{root}live{path}" if live else "", "version_shown": version_of(middle)}
    return web.site.page(request, content, middle, **values)


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
    values = {"root": root_of(path_of(request)), "title": message, "status": status}
    middle = web.site.draw("error.html", values)
    answer = web.site.respond(request, web.site.page(request, content, middle), HTML, status)
    answer.headers.update(headers)
    return answer


async def robots(web: Web, request: Request) -> Response:
    """The rules for crawlers: they may read the pages, not what programs ask for."""
    lines = ("User-agent: *", "Disallow: /live/", "Disallow: /v1/", "Disallow: /report", "")
    return web.site.respond(request, "\n".join(lines).encode(), "text/plain", cache=_FOR_A_DAY)


FILES = (
    Endpoint("/static/{name}", "A file of the pages", asset),
    Endpoint("/icon/{severity}.svg", "The icon of a tab", icon),
    Endpoint("/robots.txt", "What crawlers may read", robots),
)
