"""The pages of a catalog, ready to be looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from adapters.providers.http import TIMEOUT, Pacer, StatusPage
from bot import __version__
from bot.catalog.catalog import Catalog
from bot.ports import Clock


@asynccontextmanager
async def page_sources(
    catalog: Catalog, clock: Clock, pace: float = 0
) -> AsyncIterator[dict[str, StatusPage]]:
    """One source a provider, over one client, which asks a host once in `pace` seconds."""
    pacer = Pacer(pace)
    async with httpx.AsyncClient(
        headers={
            "User-Agent": f"isclaudedown/{__version__}",
            "Accept": "application/json, application/xml;q=0.9, */*;q=0.5",
        },
        follow_redirects=True,
        max_redirects=5,
        timeout=TIMEOUT,
    ) as client:
        yield {
            provider.id: StatusPage(
                provider.id,
                (provider.source or provider.page).rstrip("/"),
                client,
                clock,
                kind=provider.kind,
                link=provider.page,
                components=provider.rows,
                pacer=pacer,
            )
            for provider in catalog.providers.values()
        }
