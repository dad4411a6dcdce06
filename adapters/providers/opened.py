"""The pages of a catalog, ready to be looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from adapters.providers.http import TIMEOUT, StatusPage
from bot import __version__
from bot.catalog.catalog import Catalog
from bot.ports import Clock


@asynccontextmanager
async def page_sources(catalog: Catalog, clock: Clock) -> AsyncIterator[dict[str, StatusPage]]:
    """One source a provider, over one client."""
    async with httpx.AsyncClient(
        headers={"User-Agent": f"isclaudedown/{__version__}", "Accept": "application/json"},
        follow_redirects=True,
        max_redirects=5,
        timeout=TIMEOUT,
    ) as client:
        yield {
            provider.id: StatusPage(provider.id, provider.page.rstrip("/"), client, clock)
            for provider in catalog.providers.values()
        }
