"""What an operator reads over HTTP: health, readiness, metrics, and the API's own description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.web.endpoint import Endpoint

if TYPE_CHECKING:
    from adapters.web.app import Web


async def _health(_: Web, __: Request) -> Response:
    return JSONResponse({"ok": True})


async def _ready(web: Web, _: Request) -> Response:
    trouble = await web.trouble()
    if trouble:
        return JSONResponse({"ok": False, "trouble": trouble}, 503)
    return JSONResponse({"ok": True})


async def _metrics(web: Web, request: Request) -> Response:
    body, kind = web.metrics.render(await web.measure(), request.headers.get("accept", ""))
    return Response(body, media_type=kind)


OPERATING = (
    Endpoint("/health", "This process is alive", _health),
    Endpoint("/ready", "The store answers and the pages were read lately", _ready),
    Endpoint("/metrics", "Prometheus metrics, or OpenMetrics when asked", _metrics),
)
