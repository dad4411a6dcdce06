"""The crowd's sources that the settings switch on, ready to be asked."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from adapters.evidence.downdetector import Downdetector
from adapters.evidence.http import TIMEOUT
from adapters.evidence.openrouter import OpenRouter
from adapters.evidence.posts import github_issues, hacker_news
from adapters.http import no_cookies
from bot import __version__
from bot.catalog.catalog import Catalog
from bot.domain.errors import SettingsError
from bot.evidence.crowd import BLUESKY, GITHUB, HACKER_NEWS
from bot.evidence.stores import CrowdStore
from bot.loops.crowd import CrowdLoop, CrowdSource
from bot.ports import Clock
from bot.settings import Settings

# Says honestly who asks, and where to complain.
AGENT = f"isclaudedown/{__version__} (outage signals)"
PUBLIC = (HACKER_NEWS, GITHUB, BLUESKY)


@asynccontextmanager
async def open_crowd(
    settings: Settings,
    catalog: Catalog,
    store: CrowdStore,
    clock: Clock,
    may_look: Callable[[], bool],
) -> AsyncIterator[CrowdLoop]:
    """A loop over what is switched on: nothing, if the settings say nothing.

    Raises:
        SettingsError: as `open_sources`.
    """
    async with open_sources(settings, catalog) as sources:
        yield CrowdLoop(sources, store, clock, random.Random(), may_look)  # noqa: S311 (jitter)


@asynccontextmanager
async def open_sources(settings: Settings, catalog: Catalog) -> AsyncIterator[list[CrowdSource]]:
    """The sources that are switched on, over one client.

    Raises:
        SettingsError: a source is not known, or Downdetector's login is only half given.
    """
    if unknown := [name for name in settings.crowd if name not in PUBLIC]:
        place = settings.named("ISCLAUDEDOWN_CROWD")
        raise SettingsError(f"{place}: {unknown[0]} is none of {', '.join(PUBLIC)}")
    secret = settings.downdetector_client_secret
    if bool(settings.downdetector_client_id) != bool(secret):
        raise SettingsError(
            "DOWNDETECTOR_CLIENT_ID and DOWNDETECTOR_CLIENT_SECRET belong together: set both"
        )
    crowds = [provider.crowd for provider in catalog.providers.values() if provider.crowd]
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            httpx.AsyncClient(headers={"User-Agent": AGENT}, cookies=no_cookies(), timeout=TIMEOUT)
        )
        sources: list[CrowdSource] = []
        for crowd in crowds[:1]:  # counts are kept by source: one provider's are asked for
            if secret and crowd.downdetector:
                login = (settings.downdetector_client_id, secret.get_secret_value())
                sources.append(Downdetector(client, settings.downdetector_url, login, crowd))
            if (key := settings.openrouter_api_key) and crowd.openrouter:
                sources.append(
                    OpenRouter(
                        client, settings.openrouter_url, key.get_secret_value(), crowd.openrouter
                    )
                )
            if HACKER_NEWS in settings.crowd:
                sources.append(hacker_news(client, crowd))
            if GITHUB in settings.crowd and crowd.issues:
                sources.append(github_issues(client, crowd))
            if BLUESKY in settings.crowd:
                from adapters.evidence.bluesky import Bluesky  # noqa: PLC0415 (loads aiohttp)

                bluesky = Bluesky(crowd)
                await stack.enter_async_context(bluesky.listening())
                sources.append(bluesky)
        yield sources
