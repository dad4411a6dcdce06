"""Keeps open pages up to date, by server-sent events.

Whatever somebody has open is drawn once for all who look at it, whenever it may have changed. Who
has an older version gets the new one whole, so nobody can miss a change: not after a pause, a
restart of ours, or on a slow line. Where only ages changed, the moments alone are sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from adapters.chat.text import clean
from adapters.web.endpoint import Endpoint
from adapters.web.limits import RequestRefused
from adapters.web.page.pages import PAGES, Params, WebPage
from adapters.web.page.site import middle_of, path_of, root_of
from bot.domain.errors import StoreError
from bot.domain.page import Severity
from bot.domain.state import State

if TYPE_CHECKING:
    from adapters.web.app import Web

log = structlog.get_logger()

EVERY = 1.0  # seconds between two looks, where nothing says that something was written
PAUSE = 0.2  # seconds between two rounds, however much is written
AT_LEAST_EVERY = 5.0  # seconds: evidence fades with time alone
# Seconds: whoever heard nothing for two of them is not live any more, and knows it.
BEAT = 15.0
# Pages that are drawn again and again; those beyond are not live, but for the answer itself.
MOST_TOPICS = 100
ALWAYS = frozenset({"/", "/wall"})
AT_ONCE = 100  # listeners that are told before other work gets its turn

_AGO = re.compile(r'<time datetime="([^"]*)" data-style="ago">[^<]*</time>')


@dataclass(eq=False, slots=True)
class Listener:
    """One open connection, and the version that stands on the other side."""

    send: Send
    version: str
    busy: bool = False

    async def bring_up_to_date(self, topic: Topic) -> None:
        """Send what is missing; a slow line gets the newest alone, however many there were."""
        self.busy = True
        try:
            told = None
            while told is not topic.beat:
                told = topic.beat
                news = topic.beat if self.version == topic.version else topic.state
                self.version = topic.version
                await self.send({"type": "http.response.body", "body": news, "more_body": True})
        finally:
            self.busy = False


@dataclass(eq=False, slots=True)
class Topic:
    """One address: its present content and its listeners. Events are drawn and encoded once."""

    page: WebPage
    params: Params
    root: str
    listeners: set[Listener] = field(default_factory=set)
    version: str = ""
    moments: list[str] = field(default_factory=list)
    state: bytes = b""
    beat: bytes = b""
    beaten_at: float = 0.0  # of the loop's time


class Live:
    """The pages that are open somewhere. `wake` says that something was written."""

    def __init__(self) -> None:
        self._topics: dict[tuple[str, str], Topic] = {}
        self._routes = [(Route(page.path, lambda _: Response()), page) for page in PAGES]
        self._written = asyncio.Event()
        self._telling: set[asyncio.Task[None]] = set()
        self._states: Mapping[str, State] = {}
        self._drawn_at = 0.0  # of the loop's time

    def wake(self) -> None:
        self._written.set()

    async def listen(self, web: Web, path: str, root: str, version: str) -> Events:
        """Answer with the events of the page at `path`.

        Raises:
            HTTPException: 404, there is no such page, or it never changes; 503, too many are open.
        """
        topic = self._topics.get((path, root))
        if topic is None:
            asked = {"type": "http", "path": path, "method": "GET"}
            for route, page in self._routes:
                match, found = route.matches(asked)
                if match is Match.FULL and page.live:
                    break
            else:
                raise HTTPException(404)
            if len(self._topics) >= MOST_TOPICS and page.path not in ALWAYS:
                raise RequestRefused(503, "too_many", "too many pages are open", retry_after=60)
            topic = Topic(page, found["path_params"], root)
            await self._draw(web, topic)
            topic = self._topics.setdefault((path, root), topic)
        return Events(web, topic, version)

    async def run(self, web: Web) -> None:
        """Draw what is open whenever it may have changed, until cancelled; then let all go."""
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY):
                        await self._written.wait()
                for key, topic in list(self._topics.items()):
                    if not topic.listeners:
                        del self._topics[key]
                if self._topics and await self._may_have_changed(web):
                    for topic in list(self._topics.values()):
                        try:
                            if await self._draw(web, topic):
                                await self._tell(topic)
                        except Exception:  # of one page: the others go on
                            log.exception("web.page_failed", page=topic.page.path)
                await asyncio.sleep(PAUSE)
        finally:
            for topic in self._topics.values():
                for listener in topic.listeners:
                    await listener.send({"type": "http.response.body", "body": b""})

    async def _may_have_changed(self, web: Web) -> bool:
        """Whether something was written, here or by another process, or ages have to be told."""
        now = asyncio.get_running_loop().time()
        written = self._written.is_set()
        self._written.clear()
        with suppress(StoreError):  # a page that is open was drawn, so something is known
            states = (await web.status.snapshot.get(web.status.catalog)).states
            written = written or states != self._states
            self._states = states
        if not written and now - self._drawn_at < AT_LEAST_EVERY:
            return False
        self._drawn_at = now
        return True

    async def _draw(self, web: Web, topic: Topic) -> bool:
        """Draw it. Returns whether there is anything to tell."""
        try:
            view = await web.status.view()
            content = await topic.page.show(web, view, topic.params)
        except (StoreError, RequestRefused) as error:
            if not topic.version:
                raise
            log.warning("web.page_not_drawn", error=type(error).__name__)
            return False
        middle = middle_of(web, topic.root, content, view)
        version, moments = version_of(middle), _AGO.findall(middle)
        now = asyncio.get_running_loop().time()
        if (version, moments) == (topic.version, topic.moments) and now - topic.beaten_at < BEAT:
            return False
        state = {
            "title": clean(content.title),
            "icon": content.severity or Severity.UNKNOWN,
            "moments": moments,
            "main": middle,
        }
        topic.version, topic.moments, topic.beaten_at = version, moments, now
        topic.state = _event("state", state, version)
        # A new object each time, which is how a listener knows that there is something to tell.
        topic.beat = _event("beat", {"moments": moments})
        return True

    async def _tell(self, topic: Topic) -> None:
        for number, listener in enumerate(list(topic.listeners), 1):
            if not listener.busy:
                task = asyncio.create_task(listener.bring_up_to_date(topic))
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)


class Events(Response):
    """Stays open until the other side leaves or we end."""

    def __init__(self, web: Web, topic: Topic, version: str) -> None:
        headers = {**web.site.headers, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(headers=headers, media_type="text/event-stream")
        del self.headers["content-length"]
        self._topic = topic
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hold = scope.get("state", {}).get("hold")
        if hold is not None and not hold():
            full = "as many pages as this process can keep up to date are open"
            raise RequestRefused(503, "too_many", full, retry_after=60)
        # Heard of before anything is awaited: a topic without listeners is given up.
        listener = Listener(send, self._version, busy=True)
        self._topic.listeners.add(listener)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await listener.bring_up_to_date(self._topic)
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._topic.listeners.discard(listener)


async def listen(web: Web, request: Request) -> Response:
    """The part of a page that changes while it is open."""
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    seen = request.headers.get("last-event-id") or request.query_params.get("seen", "")
    # As many steps up as from the page itself: the first one is ours.
    root = root_of(path_of(request)).removeprefix("../") or "./"
    return await web.live.listen(web, f"/{request.path_params['path']}", root, seen[:40])


def version_of(middle: str) -> str:
    """Names what is shown, whatever time it is: pages that differ in ages alone have the same."""
    return hashlib.sha256(_AGO.sub("", middle).encode()).hexdigest()[:16]


def _event(name: str, data: Mapping[str, Any], version: str = "") -> bytes:
    id_ = f"id: {version}\n" if version else ""
    return f"event: {name}\n{id_}data: {json.dumps(data)}\n\n".encode()


LIVE = Endpoint("/live/{path:path}", "What changes on a page while it is open", listen)
