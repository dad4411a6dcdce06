"""A local stand-in for OpenRouter: the endpoints of a model, in the shape of its description.

`endpoints` are (provider, tag, of five minutes, of a day); `faults` are given once each: a status
with headers, or "html".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.servers.site import Site

KEY = "sk-or-ours"
Endpoint = tuple[str, str, object, object]


@dataclass
class OpenRouterServer(Site):
    endpoints: list[Endpoint] = field(default_factory=list)
    faults: deque[object] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)  # slugs that it does not have

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/models/{author}/{slug}/endpoints", self._endpoints)
        return app

    async def _endpoints(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"code": 401}}, status=401)
        fault = self.faults.popleft() if self.faults else None
        if fault == "html":
            return web.Response(text="<html>Please wait</html>", content_type="text/html")
        if isinstance(fault, tuple):
            return web.Response(status=fault[0], headers=fault[1])
        slug = f"{request.match_info['author']}/{request.match_info['slug']}"
        if slug in self.missing:
            return web.json_response({"error": {"code": 404}}, status=404)
        rows = [self._row(slug, *endpoint) for endpoint in self.endpoints]
        return web.json_response({"data": {"id": slug, "endpoints": rows}})

    @staticmethod
    def _row(slug: str, provider: str, tag: str, five: object, day: object) -> dict[str, Any]:
        return {
            "name": f"{provider} | {slug}",
            "model_id": slug,
            "provider_name": provider,
            "tag": tag,
            "status": 0,
            "uptime_last_5m": five,
            "uptime_last_30m": five,
            "uptime_last_1d": day,
            "latency_last_30m": None,
        }
