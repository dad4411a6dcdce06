"""The HTTP application. Reading is open (it listens on the loopback unless told otherwise),
writing needs a token; every body and every client's rate has a limit.
"""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from adapters.web.endpoint import Endpoint, Query, read_query
from adapters.web.explain import EXPLAINING
from adapters.web.limits import Rate, RequestRefused, broken, check_token, refusal
from adapters.web.metrics import Measured, Metrics
from adapters.web.openapi import description
from adapters.web.operating import OPERATING
from adapters.web.otlp import OTLP, refused_by_otlp
from adapters.web.page.calendar import Notes
from adapters.web.page.kept import Kept
from adapters.web.page.live import LIVE, Live
from adapters.web.page.routes import WEB_PAGES
from adapters.web.page.serving import DrawnPages, error_page, wants_page
from adapters.web.page.site import Site
from adapters.web.page.strips import Strip, strips_of
from adapters.web.pictures import PICTURES
from adapters.web.prefix import UnderPrefix
from adapters.web.reading import READING
from adapters.web.writing import WRITING
from bot.domain.errors import StoreError
from bot.domain.incident import Incident
from bot.evidence.stores import ReportStore, TrafficStore
from bot.ports import Clock
from bot.status.service import HISTORY, StatusService

log = structlog.get_logger()

READS, READ_BURST = 10.0, 60  # a second, for each client
WRITES, WRITE_BURST = 5.0, 30
# Every session of a company sends each 5 s, often from one address: 500 of them.
EXPORTS, EXPORT_BURST = 100.0, 500
# Pages: a whole office opens them from one address when something is down.
VISITS, VISIT_BURST = 300.0, 600
# Reports of visitors: some surfaces in a row, then one now and then.
REPORTS, REPORT_BURST = 0.05, 8


@dataclass(slots=True)
class Web:
    """Parts that the endpoints work with."""

    status: StatusService
    traffic: TrafficStore
    metrics: Metrics
    clock: Clock
    monotonic: Callable[[], float]  # seconds, for the rates
    rng: random.Random
    token: str | None = None  # None: writing is switched off
    webhook_secret: str | None = None  # None: there is no webhook
    hint: Callable[[str], None] = lambda _: None  # this provider's page may have changed
    # What keeps us from answering well, and what the metrics show; None: a test does not ask.
    trouble: Callable[[], Awaitable[str]] | None = None
    measure: Callable[[], Awaitable[Measured]] | None = None
    # Where the pages are found from outside; None: nobody said.
    public_url: str | None = None
    # Where visitors' reports are kept; None: the page takes none.
    reports: ReportStore | None = None
    # What was served last of what calendars keep; None: a test does not ask.
    notes: Notes | None = None
    site: Site = field(init=False)
    live: Live = field(init=False, default_factory=Live)
    drawn: DrawnPages = field(init=False, default_factory=DrawnPages)
    strips: Kept[Mapping[str, Strip]] = field(init=False)
    past: Kept[list[Incident]] = field(init=False)  # of `HISTORY`
    reads: Rate = field(init=False)
    writes: Rate = field(init=False)
    exports: Rate = field(init=False)
    visits: Rate = field(init=False)
    reporting: Rate = field(init=False)

    def __post_init__(self) -> None:
        self.status = self.status.told_to(None)  # anybody may ask
        self.site = Site(self.public_url)
        self.strips = Kept(lambda: strips_of(self.status), self.monotonic)
        self.past = Kept(lambda: self.status.incidents_of(HISTORY), self.monotonic)
        self.reads = Rate(READS, READ_BURST, self.monotonic)
        self.writes = Rate(WRITES, WRITE_BURST, self.monotonic)
        self.exports = Rate(EXPORTS, EXPORT_BURST, self.monotonic)
        self.visits = Rate(VISITS, VISIT_BURST, self.monotonic)
        self.reporting = Rate(REPORTS, REPORT_BURST, self.monotonic)

    def written(self) -> None:
        """Something was written that a page may show."""
        self.drawn.expire()
        self.strips.expire()
        self.past.expire()
        self.live.wake()


async def describe(web: Web, request: Request) -> Response:
    read_query(request, Query)
    body = json.dumps(description(ENDPOINTS)).encode()
    return web.site.respond(request, body, "application/json")


ENDPOINTS: tuple[Endpoint, ...] = (
    *READING,
    *EXPLAINING,
    *WRITING,
    *OTLP,
    *OPERATING,
    *PICTURES,
    Endpoint("/openapi.json", "This description", describe),
)
# Asked by machines that must not be told to slow down; and what is open all the time, whose number
# has a limit.
_WITHOUT_A_RATE = {one.path for one in (*OPERATING, LIVE)}


def build(web: Web, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The application, with further `routes` (a platform's own requests) mounted as they are."""
    prefix = urlsplit(web.public_url or "").path.rstrip("/")
    app = Starlette(
        routes=[*(route_of(web, one) for one in (*ENDPOINTS, *WEB_PAGES)), *routes],
        middleware=[Middleware(UnderPrefix, prefix=prefix)] if prefix else [],
        exception_handlers={HTTPException: _refuse, StoreError: _store_away, Exception: broken},
    )
    app.state.web = web
    return app


def route_of(web: Web, endpoint: Endpoint) -> Route:
    """The route of one row: its rate and its token first."""
    rate = web.reads if endpoint.method == "GET" else web.writes
    if endpoint in OTLP:
        rate = web.exports
    elif endpoint in WEB_PAGES:
        rate = web.visits

    async def handle(request: Request) -> Response:
        if endpoint.path not in _WITHOUT_A_RATE:
            rate.take(request)  # before the token: it is guessed no faster than this
        if endpoint.needs_token:
            try:
                check_token(request, web.token)
            except RequestRefused:
                if endpoint in OTLP:  # whose own rate is far too quick for guessing
                    web.writes.take(request)
                raise
        return await endpoint.handle(web, request)

    return Route(endpoint.path, handle, methods=[endpoint.method])


def _refuse(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        own = refused_by_otlp(request, error.status_code, error.detail)
        if own is not None:
            own.headers.update(error.headers or {})
            return own
        if wants_page(request):
            web: Web = request.app.state.web
            return error_page(web, request, error.status_code, error.detail, error.headers or {})
    return refusal(request, error)


def _store_away(request: Request, error: Exception) -> Response:
    log.warning("web.store_failed", error=type(error).__name__)
    if wants_page(request):
        message = "I can't say: I can't reach my own store"
        return error_page(request.app.state.web, request, 503, message, {"Retry-After": "5"})
    body = {"error": {"code": "store_away", "message": "our own store does not answer"}}
    return JSONResponse(body, 503, headers={"Retry-After": "5"})
