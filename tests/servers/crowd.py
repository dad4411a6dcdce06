"""A local stand-in for the places of the crowd: Downdetector, the two searches, Jetstream.

    async with CrowdServer() as server:
        server.last_15 = 448
        ... ask server.url

Answers have the shapes of the samples. `faults` are given once each: a status, or "html".
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.servers.site import Site

LOGIN = f"Basic {b64encode(b'ours:secret').decode()}"


@dataclass
class CrowdServer(Site):
    """Downdetector knows one company; searches answer with `posts`; the stream sends `stream`."""

    last_15: object = 12
    usual: object = 12
    indicators: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    incomplete: bool = False
    stream: list[str] = field(default_factory=list)
    faults: deque[object] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)  # paths, with their queries
    agents: set[str] = field(default_factory=set)
    valid: set[str] = field(default_factory=set)  # tokens
    given: int = 0

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._faults])
        app.router.add_post("/v2/tokens", self._token)
        app.router.add_get("/v2/companies/search", self._search)
        app.router.add_get("/v2/companies/{id}/{what:.*}", self._company)
        app.router.add_get("/search_by_date", self._hits)
        app.router.add_get("/search/issues", self._issues)
        app.router.add_get("/subscribe", self._subscribe)
        return app

    @web.middleware
    async def _faults(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        self.agents.add(request.headers.get("User-Agent", ""))
        fault = self.faults.popleft() if self.faults else None
        if fault == "html":
            return web.Response(text="<html>Please wait</html>", content_type="text/html")
        if isinstance(fault, tuple):
            return web.Response(status=fault[0], headers=fault[1])
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _token(self, request: web.Request) -> web.Response:
        assert request.query["grant_type"] == "client_credentials"
        assert not await request.read()
        if request.headers["Authorization"] != LOGIN:
            return web.Response(status=401)
        self.given += 1
        self.valid = {f"t{self.given}"}
        return web.json_response({"access_token": f"t{self.given}", "expires_in": 3600})

    def _is_known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.valid

    async def _search(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.Response(status=401)
        return web.json_response(
            [{"id": 45678, "slug": request.query["slug"], "name": "Claude AI"}]
        )

    async def _company(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.Response(status=401)
        assert request.match_info["id"] == "45678"
        answers = {
            "last_15": self.last_15,
            "baseline/current": self.usual,
            "indicators": self.indicators,
        }
        return web.json_response(answers[request.match_info["what"]])

    async def _hits(self, request: web.Request) -> web.Response:
        assert request.query["tags"] == "(story,comment)"
        return web.json_response({"nbHits": len(self.posts), "hits": self.posts})

    async def _issues(self, request: web.Request) -> web.Response:
        assert request.query["q"].startswith("repo:anthropics/claude-code is:issue created:>")
        return web.json_response({"incomplete_results": self.incomplete, "items": self.posts})

    async def _subscribe(self, request: web.Request) -> web.WebSocketResponse:
        assert request.query["wantedCollections"] == "app.bsky.feed.post"
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for message in self.stream:
            await socket.send_str(message)
        await socket.close()
        return socket


def hit(at: datetime, text: str) -> dict[str, Any]:
    """Return a comment on Hacker News."""
    return {"created_at_i": int(at.timestamp()), "comment_text": text, "points": None}


def issue(at: datetime, title: str) -> dict[str, Any]:
    return {"created_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "title": title, "body": None}


def post(at: datetime, text: str, person: str, operation: str = "create") -> str:
    """Return a message of Jetstream."""
    commit: dict[str, Any] = {"operation": operation, "collection": "app.bsky.feed.post"}
    if operation == "create":
        # The author's own clock, which says anything.
        created = (at - timedelta(days=400)).isoformat()
        commit["record"] = {"$type": "app.bsky.feed.post", "createdAt": created, "text": text}
    clock = int(at.timestamp() * 1e6)
    return json.dumps({"did": person, "time_us": clock, "kind": "commit", "commit": commit})
