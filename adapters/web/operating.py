"""Endpoints for operators: health, readiness, metrics, and the API's own description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.web.endpoint import Endpoint
from adapters.web.metrics import Measured

if TYPE_CHECKING:
    from adapters.web.app import Web


async def health(_: Web, __: Request) -> Response:
    return JSONResponse({"ok": True})


async def ready(web: Web, _: Request) -> Response:
    trouble = await web.trouble() if web.trouble else ""
    if trouble:
        return JSONResponse({"ok": False, "trouble": trouble}, 503)
    silenced = (await web.measure()).silenced if web.measure else {}
    # Ready all the same: a workspace that refuses the bot keeps nobody else from being told.
    said = {platform: tenants for platform, tenants in silenced.items() if tenants}
    return JSONResponse({"ok": True} | ({"silenced": said} if said else {}))


async def metrics(web: Web, request: Request) -> Response:
    measured = await web.measure() if web.measure else Measured()
    body, kind = web.metrics.render(measured, request.headers.get("accept", ""))
    return Response(body, media_type=kind)


OPERATING = (
    Endpoint("/health", "This process is alive", health),
    Endpoint("/ready", "The store answers and the pages were read lately", ready),
    Endpoint("/metrics", "Prometheus metrics, or OpenMetrics when asked", metrics),
)
