"""Charts as PNG, for chats that fetch a picture by its address: uptime, an incident's timeline.

Only where Pillow is installed (`isclaudedown[pictures]`). `dark=true` draws on dark paper.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from adapters.pictures import HAS_PICTURES, drawn
from adapters.web.endpoint import Endpoint, Query, read_query
from adapters.web.limits import RequestRefused
from adapters.web.reading import LONGEST_HISTORY, UNKNOWN_INCIDENT, listed, named
from bot.domain.chart import Chart
from bot.messages.charts import timeline_chart
from bot.messages.uptime import uptime_message

if TYPE_CHECKING:
    from adapters.web.app import Web


class Theme(Query):
    dark: bool = Field(default=False, description="On dark paper.")


class StripQuery(Theme):
    surface: str = Field(default="", description="Only these, separated by commas.")
    days: int = Field(default=90, ge=2, le=LONGEST_HISTORY, description="Until now.")


async def uptime(web: Web, request: Request) -> Response:
    query = read_query(request, StripQuery)
    surfaces = named(listed(query.surface), await web.status.learn())
    report = await web.status.uptime(surfaces, timedelta(days=query.days))
    chart = uptime_message(report, web.status.catalog).chart
    return await _answer(web, request, chart, dark=query.dark)


async def incident(web: Web, request: Request) -> Response:
    query = read_query(request, Theme)
    found = await web.status.incident(request.path_params["key"])
    if found is None:
        raise RequestRefused(404, "unknown_incident", UNKNOWN_INCIDENT)
    catalog = await web.status.learn()
    chart = timeline_chart(found, await web.status.observed(found), web.clock(), catalog)
    return await _answer(web, request, chart, dark=query.dark)


async def _answer(web: Web, request: Request, chart: Chart | None, *, dark: bool) -> Response:
    if chart is None or not HAS_PICTURES:
        raise RequestRefused(404, "no_picture", "there is nothing to draw, or nothing to draw with")
    picture = asyncio.to_thread(drawn, chart, dark=dark)
    cache = "public, max-age=60"
    return web.site.respond(request, await picture, "image/png", cache=cache, for_all=True)


PICTURES = (
    Endpoint("/picture/uptime.png", "Uptime as a picture: one bar a day", uptime, query=StripQuery),
    Endpoint(
        "/picture/incident/{key:path}.png",
        "An incident's timeline as a picture",
        incident,
        query=Theme,
    ),
)
