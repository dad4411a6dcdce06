"""The HTTP application. Reading is open (it listens on the loopback unless told otherwise),
writing needs a token; every body and every client's rate has a limit.
"""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from adapters.web import openapi
from adapters.web.answers import etag, retry_after, scoreboard_body, verdict_body
from adapters.web.limits import Rate, RequestRefused, body_of, broken, check_token, refusal, same
from adapters.web.metrics import CONTENT_TYPE, Measured, Metrics
from adapters.web.signals import read_counts, read_litellm
from bot.domain.errors import StoreError
from bot.evidence.stores import TrafficStore
from bot.ports import Clock
from bot.status.service import StatusService

log = structlog.get_logger()

MOST_COUNTS = 65_536  # bytes of a body of counts
MOST_LOGS = 4_000_000  # bytes of a batch of LiteLLM's logs, which hold whole prompts
MOST_HOOK = 262_144  # bytes of a webhook
READS, READ_BURST = 10.0, 60  # a second, for each client
WRITES, WRITE_BURST = 5.0, 30


@dataclass(slots=True)
class Web:
    """What the application works with.

    `hint` is called by a webhook with the provider whose page may have changed. `ready` says
    what is not as it should be, or nothing. `monotonic` counts seconds for the rates.
    """

    status_service: StatusService
    traffic: TrafficStore
    metrics: Metrics
    clock: Clock
    monotonic: Callable[[], float]
    rng: random.Random
    token: str | None = None
    webhook_secret: str | None = None
    hint: Callable[[str], None] = lambda _: None
    ready: Callable[[], Awaitable[str]] | None = None
    measure: Callable[[], Awaitable[Measured]] | None = None
    reads: Rate = field(init=False)
    writes: Rate = field(init=False)

    def __post_init__(self) -> None:
        self.reads = Rate(READS, READ_BURST, self.monotonic)
        self.writes = Rate(WRITES, WRITE_BURST, self.monotonic)

    # --- reading -----------------------------------------------------------------------------

    async def verdict(self, request: Request) -> Response:
        self.reads.take(request)
        view = await self.status_service.view()
        surfaces: list[str] = []
        if typed := request.path_params.get("surface"):
            match = view.catalog.resolve(typed)
            if match.exact is None:
                raise RequestRefused(404, "unknown_surface", self._nearest(match.nearest))
            surfaces = [match.exact]
        body = verdict_body(view, surfaces, self.rng.random())
        tag = etag(body)
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if wait := retry_after(body):
            headers["Retry-After"] = str(wait)
        asked = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
        if tag in asked:
            return Response(status_code=304, headers=headers)
        return JSONResponse(body, headers=headers)

    def _nearest(self, nearest: str | None) -> str:
        if nearest is not None:
            return f"no such surface; did you mean {nearest}?"
        return "no such surface; there are: " + ", ".join(
            surface.id for surface in self.status_service.catalog.surfaces()
        )

    async def scoreboard(self, request: Request) -> Response:
        self.reads.take(request)
        return JSONResponse(scoreboard_body(await self.status_service.scoreboard()))

    async def describe(self, request: Request) -> Response:
        self.reads.take(request)
        return JSONResponse(openapi.description())

    # --- writing -----------------------------------------------------------------------------

    async def signals(self, request: Request) -> Response:
        self._may_write(request)
        batches, key = read_counts(await body_of(request, MOST_COUNTS), self.status_service.catalog)
        new = await self.traffic.add(batches, self.clock(), key)
        return JSONResponse({"counted": new}, 202)

    async def litellm(self, request: Request) -> Response:
        self._may_write(request)
        batches = read_litellm(await body_of(request, MOST_LOGS), self.status_service.catalog)
        if batches:
            await self.traffic.add(batches, self.clock())
        return JSONResponse({"counted": bool(batches)}, 202)

    def _may_write(self, request: Request) -> None:
        self.writes.take(request)  # before the token: it is guessed no faster than this
        check_token(request, self.token)

    async def hook(self, request: Request) -> Response:
        """A Statuspage webhook. Unsigned, in any order: a hint to look now, never the truth."""
        self.writes.take(request)
        if not same(request.path_params["secret"], self.webhook_secret or ""):
            raise RequestRefused(404, "not_found", "Not Found")
        body = await body_of(request, MOST_HOOK)
        for provider in self._named(body):
            self.hint(provider)
        return Response(status_code=204)

    def _named(self, body: bytes) -> list[str]:
        """The provider whose page sent this; all of them if it does not say."""
        try:
            page = json.loads(body).get("page")
            sent_by = page.get("id") if isinstance(page, dict) else None
        except (ValueError, AttributeError, RecursionError):
            sent_by = None
        providers = self.status_service.catalog.providers.values()
        found = [p.id for p in providers if p.page_id and p.page_id == sent_by]
        return found or [p.id for p in providers]

    # --- the operator's ----------------------------------------------------------------------

    async def health(self, _: Request) -> Response:
        return JSONResponse({"ok": True})

    async def readiness(self, _: Request) -> Response:
        trouble = await self.ready() if self.ready else ""
        if trouble:
            return JSONResponse({"ok": False, "trouble": trouble}, 503)
        return JSONResponse({"ok": True})

    async def numbers(self, _: Request) -> Response:
        measured = await self.measure() if self.measure else Measured()
        return Response(self.metrics.render(measured), media_type=CONTENT_TYPE)


def build(web: Web, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The application, with further `routes` (a platform's own requests) mounted as they are."""
    own = [
        Route("/v1/verdict", web.verdict),
        Route("/v1/verdict/{surface:path}", web.verdict),
        Route("/v1/scoreboard", web.scoreboard),
        Route("/v1/signals", web.signals, methods=["POST"]),
        Route("/v1/signals/litellm", web.litellm, methods=["POST"]),
        Route("/openapi.json", web.describe),
        Route("/health", web.health),
        Route("/ready", web.readiness),
        Route("/metrics", web.numbers),
    ]
    if web.webhook_secret:
        own.append(Route("/hooks/statuspage/{secret}", web.hook, methods=["POST"]))
    return Starlette(
        routes=[*own, *routes],
        exception_handlers={
            HTTPException: refusal,
            StoreError: _store_away,
            Exception: broken,
        },
    )


def _store_away(_: Request, error: Exception) -> Response:
    log.warning("web.store_failed", error=type(error).__name__)
    body = {"error": {"code": "store_away", "message": "our own store does not answer"}}
    return JSONResponse(body, 503, headers={"Retry-After": "5"})
