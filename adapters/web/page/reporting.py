"""Reports and questions of a public page's visitors ("I'm affected", "just me?"). Off by default.

Nobody has an account: one address is one voice for a surface within half an hour, kept as a keyed
hash. However many report here, they alarm no workspace by themselves.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from adapters.web.endpoint import Endpoint
from adapters.web.limits import RequestRefused, body_of
from adapters.web.page.pages import Content, Params, WebPage
from adapters.web.page.serving import HTML, endpoint_of, whole
from adapters.web.reading import named
from bot.domain.subscription import Channel
from bot.evidence.stores import ReportStore, UserReport
from bot.messages.advice import advice_line
from bot.messages.evidence import REPORT_WINDOW
from bot.messages.just_me import just_me_message
from bot.status.view import StatusView

if TYPE_CHECKING:
    from adapters.web.app import Web

HERE = Channel("web", "public", "page")
MOST_BODY = 500  # bytes of a form with one surface


def switched_on(web: Web) -> ReportStore:
    """Return where reports are kept. Raises: RequestRefused (404): this page takes none."""
    if web.reports is None:
        raise RequestRefused(404, "switched_off", "This page takes no reports.")
    return web.reports


async def asked(web: Web, view: StatusView, _: Params) -> Content:
    """The form on which a visitor names the surface that gives trouble."""
    switched_on(web)
    surfaces = [(s.id, s.label) for s in view.catalog.surfaces()]
    return Content("report.html", "What do you have trouble with?", {"surfaces": surfaces})


async def just_me(web: Web, view: StatusView, params: Params) -> Content:
    """Is it only me? One surface beside everything that is known of it."""
    reports = switched_on(web)
    surfaces = named([params.get("surface", "")], view.catalog)
    verdicts = [v for s in surfaces if (v := view.verdict(s))]
    here = await reports.of_channel(HERE, view.at)
    tip = advice_line(view, surfaces[0])
    message = just_me_message(verdicts, here, view.catalog)
    values = {"message": message, "advice": tip, "surface": surfaces[0]}
    return Content("just_me.html", message.title, values)


async def report(web: Web, request: Request) -> Response:
    """Count somebody's trouble, or that it is over."""
    reports = switched_on(web)
    _refuse_other_sites(request)
    web.reporting.take(request)
    form = parse_qs((await body_of(request, MOST_BODY)).decode("ascii", "replace"))
    view = await web.status.view()
    (surface,) = named(form.get("surface", [""])[:1], view.catalog)
    voice = UserReport(HERE, person_of(request), surface)
    works = "works" in form
    if works:
        await reports.withdraw(voice)
        new = False
    else:
        new = await reports.add(voice, view.at)
    others = next(
        (c.people for c in await reports.of_channel(HERE, view.at) if c.surface == surface), 0
    ) - (not works)
    label = view.catalog.label(surface)
    values = {
        "surface": surface,
        "label": label,
        "works": works,
        "new": new,
        "others": others,
        "window": REPORT_WINDOW,
        "advice": advice_line(view, surface),
    }
    title = f"Good: {label} works for you again" if works else f"Counted: trouble with {label}"
    return web.site.respond(
        request, whole(web, request, Content("reported.html", title, values), view), HTML
    )


def person_of(request: Request) -> str:
    """One voice: an address, and of the newer kind the network that one home or office has."""
    host = request.client.host if request.client else "?"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return address.exploded[:19]  # 64 bits
    return host


def _refuse_other_sites(request: Request) -> None:
    """Only a page of ours may send it. Raises: RequestRefused (403)."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site not in {None, "same-origin"} or (
        site is None and origin and urlsplit(origin).netloc != request.headers.get("host")
    ):
        raise RequestRefused(403, "other_site", "Only this page itself may send that.")


REPORT_PAGES = (WebPage("/report", asked), WebPage("/justme", just_me, params=("surface",)))
REPORTING = (
    *(endpoint_of(page) for page in REPORT_PAGES),
    Endpoint("/report", "Count somebody's trouble, or that it is over", report, method="POST"),
)
