"""The pages for people, by their addresses.

Each is a function from what is known to a `Content`, which is drawn whole for whoever opens it, and
its middle alone for whoever has it open already.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from adapters.web.limits import RequestRefused
from adapters.web.page.incidents import incident_part
from adapters.web.page.overview import overview, provider_part, said_of
from adapters.web.page.past import (
    Month,
    expected_words,
    incidents_between,
    known_past,
    of_surface,
    since,
)
from adapters.web.page.strips import DAYS
from adapters.web.page.timeline import picture_of
from adapters.web.reading import named
from bot.domain.evidence import Source
from bot.domain.page import Severity
from bot.evidence import reports
from bot.evidence.sources import SOURCES
from bot.history.uptime import RULE
from bot.messages.advice import advice_line, opening_advice
from bot.messages.parts import lead_words
from bot.messages.state import title_of
from bot.status.service import SCORED
from bot.status.view import BLIND_AFTER, StatusView

if TYPE_CHECKING:
    from adapters.web.app import Web

Params = Mapping[str, str]  # of the address: in its path, and behind the question mark


@dataclass(frozen=True, slots=True)
class Content:
    """A page: the template of its middle, and the values that fill it."""

    main: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    # Gives the page its icon; None: it tells of no state.
    severity: Severity | None = None
    description: str = ""


Show = Callable[["Web", StatusView, Params], Awaitable[Content]]


@dataclass(frozen=True, slots=True)
class WebPage:
    """One row: where it is, and what it shows.

    `live`: it changes while somebody looks. `params`: what it reads behind the question mark.
    """

    path: str
    show: Show
    live: bool = False
    params: tuple[str, ...] = ()


async def front(web: Web, view: StatusView, _: Params) -> Content:
    """The answer: all providers, the first of them in full."""
    return await _overview(web, view, "overview.html")


async def provider(web: Web, view: StatusView, params: Params) -> Content:
    """The same of one provider."""
    one = view.of([params["provider"]])
    if not one.providers:
        known = ", ".join(p.provider for p in view.providers)
        raise RequestRefused(
            404, "unknown_provider", f"It is not watched here; these are: {known}."
        )
    return await _overview(web, one, "overview.html")


async def wall(web: Web, view: StatusView, _: Params) -> Content:
    """The answer in letters that are read from the other end of a room."""
    return await _overview(web, view, "wall.html")


async def _overview(web: Web, view: StatusView, template: str) -> Content:
    found = await overview(web, view)
    title = f"{found.question} {found.head}"
    values = {"it": found, "strips": await web.strips.get({}), "days": DAYS}
    values["reports"] = web.reports is not None
    return Content(template, title, values, found.severity, found.plain)


async def incident(web: Web, view: StatusView, params: Params) -> Content:
    """One incident in full, with what we saw of it ourselves."""
    key = params["key"]
    # What the view knows needs no store: it is told even while that is away.
    known = [i for i in view.recent if key in {i.key, *i.ids}]
    found = known[0] if len(known) == 1 else await web.status.incident(key)
    if found is None:
        raise RequestRefused(404, "unknown_incident", "There is no such incident here.")
    about = [v for s in view.catalog.order(found.surfaces) if (v := view.verdict(s))]
    ours = [piece for v in about for piece in v.evidence if piece.source != Source.PAGE]
    values = {
        "it": incident_part(found, view),
        "picture": picture_of(found, view.at),
        "advice": opening_advice(found, view.catalog) if found.is_open else "",
        "how_long": await expected_words(web, view, found) if found.is_open else "",
        "ours": said_of(ours) if found.is_open else (),
        "lead": lead_words(found),
        "surfaces": [(s, view.catalog.label(s)) for s in view.catalog.order(found.surfaces)],
    }
    title = title_of(found, view.at)
    return Content("incident.html", title, values, found.severity, title)


async def surface(web: Web, view: StatusView, params: Params) -> Content:
    """One surface now, and what happened to it."""
    (id_,) = named([params["surface"]], view.catalog)
    label = view.catalog.label(id_)
    verdict = view.verdict(id_)
    assert verdict is not None, "a catalogue's surface has a verdict"  # noqa: S101 - told to mypy
    one = next(p for p in view.providers if any(v.surface == id_ for v in p.verdicts))
    row = next((s.row for s in provider_part(one, view).surfaces if s.surface == id_), None)
    past = since(await known_past(web, view), view.at - timedelta(days=DAYS))
    values = {
        "surface": id_,
        "label": label,
        "provider": view.catalog.provider(one.provider).label,
        "row": row,
        "verdict": verdict,
        "sees": one.is_fresh,
        "evidence": said_of(verdict.evidence),
        "advice": advice_line(view, id_),
        "days": DAYS,
        "past": of_surface(past, id_, view),
        "watched_since": one.watched_since,
        "strip": (await web.strips.get({})).get(id_),
        "rule": RULE,
        "base": web.site.public_url or "https://ADDRESS",
    }
    severity = verdict.severity if one.is_fresh else Severity.UNKNOWN
    title = f"{label}: {severity.words}"
    return Content("surface.html", title, values, severity, title)


async def history(web: Web, view: StatusView, params: Params) -> Content:
    """The page of a month: its incidents."""
    month = Month.named(params.get("month", ""), view.at)
    if month is None:
        raise RequestRefused(
            404, "unknown_month", "Write the month as 2026-04, at most a year back."
        )
    past = await incidents_between(view, web.status, month.begins, month.next.begins)
    earlier = month.before if Month.named(month.before.name, view.at) else None
    later = month.next if Month.named(month.next.name, view.at) else None
    watched = max((p.watched_since for p in view.providers if p.watched_since), default=None)
    values = {
        "month": month,
        "earlier": earlier,
        "later": later,
        "past": past,
        "watched_since": watched,
    }
    return Content("history.html", f"Incidents in {month.words}", values)


async def score(web: Web, view: StatusView, _: Params) -> Content:
    """How good our own suspicions were: all of them."""
    board = await web.status.scoreboard()
    entries = [
        (entry, ", ".join(view.catalog.label(s) for s in view.catalog.order(entry.surfaces)))
        for entry in reversed(board.entries)
    ]
    values = {"board": board, "entries": entries, "days": SCORED.days}
    return Content("scoreboard.html", "How good our own evidence is", values)


async def about(_web: Web, view: StatusView, _: Params) -> Content:
    """How the verdict is made, in plain words."""
    pages = [p for one in view.providers if (p := view.catalog.provider(one.provider)).page]
    values = {
        "pages": pages,
        "sources": SOURCES,
        "blind_after": BLIND_AFTER,
        "window": reports.WINDOW,
        "smallest": reports.SMALLEST,
        "tenants": reports.ENOUGH_TENANTS,
    }
    return Content("about.html", "How we know", values)


PAGES = (
    WebPage("/", front, live=True),
    WebPage("/wall", wall, live=True),
    WebPage("/provider/{provider:path}", provider, live=True),
    WebPage("/incident/{key:path}", incident, live=True),
    WebPage("/surface/{surface:path}", surface, live=True),
    WebPage("/history", history, params=("month",)),
    WebPage("/scoreboard", score),
    WebPage("/about", about),
)
