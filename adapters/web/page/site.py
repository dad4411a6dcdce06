"""Draws pages from the templates beside this module, and answers with them.

Every page is whole without JavaScript, asks nobody else for anything, and sets no cookie. Links are
relative, so that it works under any path that a proxy puts it at.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from adapters.chat.text import clean
from adapters.pictures import HAS_PICTURES
from adapters.web.endpoint import is_known
from bot import __version__
from bot.domain.page import Severity
from bot.messages.durations import duration
from bot.status.view import StatusView

if TYPE_CHECKING:
    from adapters.web.app import Web
    from adapters.web.page.pages import Content

FOLDER = Path(__file__).parent
# Files that pages refer to, by the name in their address.
ASSETS = {
    "page.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
}
_SECURE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FOR_ALL = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
_WORTH_PACKING = 1_000  # bytes: what is smaller fits one packet anyway


class Site:
    """The templates, and where the pages are to be found from outside."""

    def __init__(self, public_url: str | None = None) -> None:
        self.public_url = public_url
        self.assets = {name: (FOLDER / name).read_bytes() for name in ASSETS}
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER),
            autoescape=True,  # whatever a file is called: text from outside stays text
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters |= {
            "as_html": as_html,
            "clean": clean,
            "duration": duration,
            "iso": iso,
            "moment": moment,
            "rss_date": format_datetime,
            "shape": shape,
            "xml": xml,
        }
        whole = hashlib.sha256(b"".join(self.assets.values())).hexdigest()
        self._templates.globals |= {"version": __version__, "assets_version": whole[:10]}
        self.headers = dict(_SECURE)
        if public_url and public_url.startswith("https://"):
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    def draw(self, template: str, values: Mapping[str, Any]) -> str:
        return self._templates.get_template(template).render(values)

    def base(self, request: Request) -> str:
        """The address of the first page without a slash at its end, for links that leave here."""
        return self.public_url or str(request.base_url).rstrip("/")

    def page(
        self,
        request: Request,
        content: Content,
        middle: str,
        *,
        live: str = "",
        version_shown: str = "",
    ) -> bytes:
        """Return the whole page around its middle.

        `live`: where its changes are told; empty: it has none. `version_shown`: of the middle.
        """
        path = path_of(request)
        values = {
            "content": content,
            "middle": middle,
            "root": root_of(path),
            "address": self.base(request) + path,
            "card": f"{self.base(request)}/card.png" if HAS_PICTURES else "",
            "live": live,
            "version_shown": version_shown,
        }
        return self.draw("layout.html", values).encode()

    def respond(
        self,
        request: Request,
        body: bytes,
        kind: str,
        status: int = 200,
        *,
        cache: str = "no-cache",
        for_all: bool = False,
    ) -> Response:
        """Answer with these bytes: packed where that is understood, 304 where they are known.

        `for_all`: other sites may show it, as a picture or a feed.
        """
        tag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
        own = {"ETag": tag, "Cache-Control": cache, "Vary": "Accept-Encoding"}
        sent = {**self.headers, **(_FOR_ALL if for_all else {}), **own}
        if status == 200 and is_known(request, tag):
            return Response(status_code=304, headers=sent)
        if len(body) > _WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed(body), status, {**sent, "Content-Encoding": "gzip"}, kind)
        return Response(body, status, sent, kind)


def middle_of(web: Web, root: str, content: Content, view: StatusView) -> str:
    """What changes of a page: all but its head and foot."""
    known_at = max((p.checked_at for p in view.providers if p.checked_at), default=None)
    away = bool(web.status.snapshot.failure)
    values = {
        "main": content.main,
        "root": root,
        "now": view.at,
        "away_since": known_at if away else None,
    }
    return web.site.draw("middle.html", {**values, **content.values})


@lru_cache(maxsize=64)
def packed(body: bytes) -> bytes:
    """The body in gzip; many ask for the same one."""
    return gzip.compress(body, 6, mtime=0)


def path_of(request: Request) -> str:
    """The path that was asked for, below the prefix of a proxy, as it was written."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return path.decode("ascii", "replace").removeprefix(request.scope.get("root_path", ""))


def root_of(path: str) -> str:
    """The way from a path up to the first page: "./", "../../"."""
    return "../" * (path.count("/") - 1) or "./"


def shape(severity: Severity | None) -> str:
    """The class that gives a severity its colour and its shape."""
    return "notice" if severity is None else severity.value.partition("_")[0]


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def xml(text: str) -> str:
    """Text without the characters that XML cannot have."""
    return re.sub("[\ufffe\uffff]", "", clean(text))


def as_html(text: str) -> str:
    """Text for readers of RSS, which take a description for HTML."""
    return html.escape(text).replace("\n", "<br>\n")


_LONG_AGO = timedelta(hours=20)


def moment(at: datetime, style: str, now: datetime) -> str:
    """A time as it is told to a reader whose zone is not known: in UTC.

    `style`: `clock` is the time of day (with the day where that is another one), `date` has the
    day always, `ago` is how long it is over.
    """
    if style == "ago":
        return f"{duration(now - at)} ago"
    if style == "clock" and abs(now - at) < _LONG_AGO:
        return f"{at:%H:%M} UTC"
    year = "" if at.year == now.year else f" {at.year}"
    return f"{at.day} {at:%b}{year}, {at:%H:%M} UTC"
