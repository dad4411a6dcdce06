"""A status page to poll: a `Page` behind real sockets, with faults and a count of what was asked.

    async with page_server(page) as server:
        server.url                         # what goes into ISCLAUDEDOWN_PAGE_URL
        server.page.open("down", {CLAUDE_AI: "major_outage"})
        server.fail("html", times=3)       # the next three answers; without `times` until healthy()
        await server.asked(2)              # until two more requests came

As a program, for tests of the real command: `python -m tests.servers.page --port 8099`. It prints
its URL, and takes orders as JSON: `POST /control {"do": "open", "with": {"name": "down"}}`, where
`do` is a method of `Page`, or `fail`, `healthy`; `GET /control` tells what was asked.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from tests.servers.page_faults import FAULTS
from tests.servers.statuspage import Page

ORDERS = {"add_component", "set", "open", "update", "resolve", "edit", "rename", "touch", "delete"}
ORDERS |= {"schedule", "fail", "healthy"}


class PageServer:
    """Serves one page."""

    def __init__(self, page: Page) -> None:
        """Serve `page`, healthy."""
        self.page = page
        self.url = ""
        self.requests: Counter[str] = Counter()  # by path
        self.moments: list[float] = []  # when the summary was asked for, in the loop's time
        self.logins: list[str] = []  # by HTTP Basic, as they came
        self.not_modified = 0  # how many were answered 304
        self.with_etag = True
        self.clock_error = timedelta(0)  # of the Date header
        self._failing: dict[str, tuple[str, int | None]] = {}  # path → fault, how often yet
        self._asked = asyncio.Condition()

    def fail(self, fault: str, *, times: int | None = None, path: str = "summary.json") -> None:
        """Answer requests for `path` with a fault of `page_faults`; `path` "*" means all."""
        if fault not in FAULTS:
            raise ValueError(f"there is no fault {fault!r}; there are {', '.join(FAULTS)}")
        self._failing[path] = (fault, times)

    def healthy(self) -> None:
        """Answer well again."""
        self._failing.clear()

    async def asked(self, more: int = 1) -> None:
        """Wait until `more` requests came after this call."""
        enough = self.requests.total() + more
        async with self._asked:
            await self._asked.wait_for(lambda: self.requests.total() >= enough)

    def application(self) -> web.Application:
        """Return the routes."""
        app = web.Application()
        app.router.add_get("/api/v2/{name}", self._api)
        # A page that moved: /moved is another base URL, which redirects.
        app.router.add_get("/moved/api/v2/{name}", self._moved)
        app.router.add_get("/control", self._counts)
        app.router.add_post("/control", self._order)
        return app

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if login := request.headers.get("Authorization", "").removeprefix("Basic "):
            self.logins.append(base64.b64decode(login).decode())
        answers = {
            "summary.json": self.page.summary,
            "incidents.json": self.page.history,
            "scheduled-maintenances.json": self.page.windows,
        }
        number = int(request.query.get("page", "1"))
        await self._count(name if number == 1 else f"{name}?page={number}")
        if name not in answers:
            raise web.HTTPNotFound
        answer = self.page.history(number) if number > 1 else answers[name]()
        body = json.dumps(answer, separators=(",", ":")).encode()
        if fault := self._fault(name):
            return await FAULTS[fault](request, body)
        return self._answer(request, body)

    def _answer(self, request: web.Request, body: bytes) -> web.Response:
        now = datetime.now(UTC) + self.clock_error
        headers = {"Date": format_datetime(now, usegmt=True), "Cache-Control": "max-age=0"}
        if self.with_etag:
            headers["ETag"] = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                self.not_modified += 1
                return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def _count(self, name: str) -> None:
        async with self._asked:
            self.requests[name] += 1
            if name == "summary.json":
                self.moments.append(asyncio.get_running_loop().time())
            self._asked.notify_all()

    def _fault(self, name: str) -> str | None:
        path = name if name in self._failing else "*"
        fault, times = self._failing.get(path, (None, None))
        if fault and times is not None:
            self._failing[path] = (fault, times - 1)
            if times <= 1:
                del self._failing[path]
        return fault

    async def _moved(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently(f"{self.url}/api/v2/{request.match_info['name']}")

    async def _counts(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {"requests": dict(self.requests), "not_modified": self.not_modified}
        )

    async def _order(self, request: web.Request) -> web.Response:
        order = await request.json()
        if order["do"] not in ORDERS:
            raise web.HTTPBadRequest(text=f"orders: {', '.join(sorted(ORDERS))}")
        words: dict[str, Any] = order.get("with", {})
        for name in words.keys() & {"starts", "ends"}:
            words[name] = datetime.fromisoformat(words[name])
        target = self if order["do"] in {"fail", "healthy"} else self.page
        try:
            return web.json_response({"id": getattr(target, order["do"])(**words)})
        except (TypeError, ValueError, KeyError, StopIteration) as error:
            raise web.HTTPBadRequest(text=repr(error)) from error


@contextlib.asynccontextmanager
async def page_server(page: Page | None = None, *, port: int = 0) -> AsyncIterator[PageServer]:
    """Serve `page` (without one: Claude's, all well) on this machine, on any free port."""
    server = PageServer(page or Page(_now))
    # Whoever still waits for a hanging page is not waited for.
    runner = web.AppRunner(server.application(), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


def _now() -> datetime:
    return datetime.now(UTC)


async def main() -> None:
    """Serve until interrupted."""
    options = argparse.ArgumentParser(description="A local status page")
    options.add_argument("--port", type=int, default=0)
    async with page_server(port=options.parse_args().port) as server:
        print(server.url, flush=True)  # noqa: T201 - whoever started us reads it
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
