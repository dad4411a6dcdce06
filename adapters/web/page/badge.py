"""A badge for READMEs and wikis: what a surface is, in a word and a colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from adapters.chat.text import clean
from adapters.web.endpoint import Endpoint
from adapters.web.reading import named
from bot.catalog.names import find
from bot.domain.page import Severity, worst

if TYPE_CHECKING:
    from adapters.web.app import Web

# Seconds. Not less: a README that many read asks for it often.
KEPT = 60
# White text on each is readable (4.5 : 1 and more).
COLOURS = {
    Severity.UP: "#1a7f4b",
    Severity.MAINTENANCE: "#2b57a8",
    Severity.DEGRADED: "#7a5600",
    Severity.PARTIAL: "#a03f00",
    Severity.MAJOR: "#a81f17",
    Severity.UNKNOWN: "#5b574e",
}
_LETTER, _EDGE = 6.6, 14.0  # widths at 11 px in the fonts that it names: a guess, text is fitted
_LONGEST = 40


async def badge(web: Web, request: Request) -> Response:
    """A surface's state as a picture; a provider's is that of its worst surface."""
    view = await web.status.view()
    asked = request.path_params["surface"]
    provider = find(view.catalog, asked).provider
    if provider is not None:
        (one,) = view.of([provider]).providers
        label = view.catalog.provider(provider).label
        severity = worst(v.severity for v in one.verdicts) if one.is_fresh else Severity.UNKNOWN
    else:
        (surface,) = named([asked], view.catalog)
        verdict = view.verdict(surface)
        label = view.catalog.label(surface)
        severity = verdict.severity if verdict else Severity.UNKNOWN
    label = clean(label)[:_LONGEST]
    left, right = (_EDGE + _LETTER * len(text) for text in (label, severity.words))
    values = {
        "label": label,
        "words": severity.words,
        "colour": COLOURS[severity],
        "left": round(left),
        "width": round(left) + round(right),
    }
    drawn = web.site.draw("badge.svg", values)
    cache = f"public, max-age={KEPT}"
    return web.site.respond(request, drawn.encode(), "image/svg+xml", cache=cache, for_all=True)


BADGES = (Endpoint("/badge/{surface:path}.svg", "A surface's state as a picture", badge),)
