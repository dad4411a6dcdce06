"""What can be read over HTTP: verdicts, incidents, the past, the scoreboard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from adapters.web.endpoint import Endpoint, Query, answer_with, read_query
from adapters.web.limits import RequestRefused
from bot.catalog.catalog import Catalog
from bot.catalog.names import find
from bot.messages.report import report_markdown
from bot.status.document import (
    document,
    incident_history,
    incidents_document,
    scoreboard_document,
)
from bot.status.report_document import ReportDocument, report_document
from bot.status.schema import Document, IncidentHistoryDocument, Incidents, ScoreboardDocument
from bot.status.uptime_document import UptimeDocument, uptime_document

if TYPE_CHECKING:
    from adapters.web.app import Web

LONGEST_HISTORY = 400  # days
UNKNOWN_INCIDENT = "no such incident; /v1/history lists those that are known"


class Surfaces(Query):
    surface: str = Field(default="", description="Only these, separated by commas.")


class Past(Surfaces):
    days: int = Field(default=30, ge=1, le=LONGEST_HISTORY, description="Open then or later.")


class Window(Surfaces):
    days: int = Field(default=90, ge=1, le=LONGEST_HISTORY, description="Until now.")
    slo: float | None = Field(default=None, gt=0, lt=100, description="A target in per cent.")


def named(typed: Sequence[str], catalog: Catalog) -> list[str]:
    """Return the surfaces that these words name.

    Raises:
        RequestRefused: 404, with the nearest or all of them.
    """
    surfaces = []
    for word in typed:
        match = find(catalog, word)
        if match.exact is None:
            known = ", ".join(surface.id for surface in catalog.surfaces())
            hint = (
                f"did you mean {' or '.join(match.close)}?"
                if match.close
                else f"there are: {known}"
            )
            raise RequestRefused(404, "unknown_surface", f"no such surface; {hint}")
        surfaces.append(match.exact)
    return surfaces


def listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


async def verdicts(web: Web, request: Request) -> Response:
    return await _verdict_of(web, request, listed(read_query(request, Surfaces).surface))


async def verdict(web: Web, request: Request) -> Response:
    read_query(request, Query)
    return await _verdict_of(web, request, [request.path_params["surface"]])


async def _verdict_of(web: Web, request: Request, typed: Sequence[str]) -> Response:
    view = await web.status.view()
    found = document(view, named(typed, view.catalog), web.rng.random())
    wait = {"Retry-After": str(found.retry_after)} if found.retry_after else {}
    return answer_with(request, found, **wait)


async def open_incidents(web: Web, request: Request) -> Response:
    view = await web.status.view()
    surfaces = set(named(listed(read_query(request, Surfaces).surface), view.catalog))
    found = [i for i in view.incidents if i.concerns(surfaces)]
    return answer_with(request, incidents_document(found, view.at))


async def history(web: Web, request: Request) -> Response:
    query = read_query(request, Past)
    surfaces = set(named(listed(query.surface), await web.status.learn()))
    now = web.clock()
    past = await web.status.incidents_since(now - timedelta(days=query.days))
    found = [i for i in past if i.concerns(surfaces)]
    return answer_with(request, incidents_document(found, now))


async def incident(web: Web, request: Request) -> Response:
    read_query(request, Query)
    found = await web.status.incident(request.path_params["key"])
    if found is None:
        raise RequestRefused(404, "unknown_incident", UNKNOWN_INCIDENT)
    return answer_with(request, incident_history(found))


async def report(web: Web, request: Request) -> Response:
    read_query(request, Query)
    found = await web.status.incident(request.path_params["key"])
    if found is None:
        raise RequestRefused(404, "unknown_incident", UNKNOWN_INCIDENT)
    now = web.clock()
    markdown = report_markdown(found, now, web.status.catalog)
    return answer_with(request, report_document(found, now, markdown))


async def uptime(web: Web, request: Request) -> Response:
    query = read_query(request, Window)
    surfaces = named(listed(query.surface), await web.status.learn())
    report = await web.status.uptime(surfaces, timedelta(days=query.days))
    target = round(query.slo / 100, 9) if query.slo is not None else None
    return answer_with(request, uptime_document(report, target))


async def score(web: Web, request: Request) -> Response:
    read_query(request, Query)
    return answer_with(request, scoreboard_document(await web.status.scoreboard()))


READING = (
    Endpoint("/v1/verdict", "Surfaces now", verdicts, query=Surfaces, answer=Document),
    Endpoint("/v1/verdict/{surface:path}", "One surface now", verdict, answer=Document),
    Endpoint("/v1/incidents", "Open incidents", open_incidents, query=Surfaces, answer=Incidents),
    Endpoint(
        "/v1/incidents/{key:path}/report",
        "One incident in figures, and as Markdown, for a post-mortem",
        report,
        answer=ReportDocument,
    ),
    Endpoint(
        "/v1/incidents/{key:path}",
        "One incident, word for word: by its key, or by its id alone",
        incident,
        answer=IncidentHistoryDocument,
    ),
    Endpoint("/v1/history", "Incidents of the last days", history, query=Past, answer=Incidents),
    Endpoint(
        "/v1/uptime",
        "How much of the last days was up, by the page and by our own evidence",
        uptime,
        query=Window,
        answer=UptimeDocument,
    ),
    Endpoint("/v1/scoreboard", "How good we were", score, answer=ScoreboardDocument),
)
