"""A server that answers with the bodies it was given, whatever format they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(slots=True)
class BodyServer:
    """`bodies` by path; a path that is not among them is not found."""

    url: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, Handler] = field(default_factory=dict)  # by path, in place of a body
    requests: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: web.Request) -> web.Response:
        self.requests[request.path] += 1
        if request.path in self.answers:
            return await self.answers[request.path](request)
        if request.path not in self.bodies:
            return web.Response(status=404, text="<html>not found</html>", content_type="text/html")
        return web.Response(body=self.bodies[request.path])


@asynccontextmanager
async def body_server(bodies: dict[str, bytes]) -> AsyncIterator[BodyServer]:
    server = BodyServer(bodies=bodies)
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()
