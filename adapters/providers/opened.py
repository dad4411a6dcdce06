"""The pages of a catalog, ready to be looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import httpx

from adapters.http import no_cookies
from adapters.providers.http import TIMEOUT, Pacer, StatusPage
from bot import __version__
from bot.catalog.catalog import Catalog
from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import SourceError
from bot.ports import Clock
from bot.setting_values import without_login

HIGHEST_PORT = 65_535


@asynccontextmanager
async def page_sources(
    catalog: Catalog, clock: Clock, pace: float = 0
) -> AsyncIterator[dict[str, StatusPage]]:
    """One source a provider, over one client, which asks a host once in `pace` seconds."""
    pacer = Pacer(pace)
    known = {*load_catalog().providers.values(), *catalog.providers.values()}
    hosts = {_site(address) for one in known for address in (one.page, one.source) if address}

    async def stay(request: httpx.Request) -> None:
        if _site(str(request.url)) not in hosts:
            raise SourceError(f"the page sends us on to {request.url.host}, which is not watched")
        if (request.url.port or 443) > HIGHEST_PORT:
            raise SourceError(f"the page sends us on to port {request.url.port}: there is none")

    async with httpx.AsyncClient(
        headers={
            "User-Agent": f"isclaudedown/{__version__}",
            "Accept": "application/json, application/xml;q=0.9, */*;q=0.5",
        },
        cookies=no_cookies(),
        follow_redirects=True,
        max_redirects=5,
        event_hooks={"request": [stay]},  # of every hop
        timeout=TIMEOUT,
    ) as client:
        yield {
            provider.id: StatusPage(
                provider.id,
                without_login(provider.source or provider.page).rstrip("/"),
                client,
                clock,
                login=_login(provider.source),
                kind=provider.kind,
                link=provider.page,
                components=provider.rows,
                pacer=pacer,
            )
            for provider in catalog.providers.values()
        }


def _login(address: str) -> tuple[str, str] | None:
    """The name and password in an address, for HTTP Basic; None: there is none."""
    parts = urlsplit(address)
    return (
        (unquote(parts.username or ""), unquote(parts.password or "")) if parts.username else None
    )


def _site(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")
