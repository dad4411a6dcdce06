"""What is true now, for a command that ends: from a running instance, or by one poll of our own."""

from __future__ import annotations

import asyncio

from adapters.cli.states import fresh_for, stored_states
from adapters.providers.http import StatusPage
from adapters.providers.opened import page_sources
from bot.catalog.watched import watched_catalog
from bot.domain.errors import SourceError
from bot.engine.step import on_failure, step
from bot.ports import Clock
from bot.settings import Settings
from bot.status.view import StatusView, status_view


async def current_view(settings: Settings, clock: Clock) -> StatusView:
    """Return what a running instance keeps fresh; pages that none does are polled once."""
    catalog = watched_catalog(settings)
    states, evidence = await stored_states(settings, catalog, clock())
    failures: dict[str, str] = {}

    async def poll(name: str, page: StatusPage) -> None:
        before = states.get(name)
        every = catalog.provider(name).every
        if before and clock() - before.observed_at < fresh_for(settings, every):
            return
        try:
            # What has ended is no part of the answer: the summary suffices.
            snapshot = await page.poll(lambda _: ())
        except SourceError as error:
            failures[name] = str(error)
            if before:
                states[name] = on_failure(before, str(error), clock())
        else:
            states[name], _ = step(None, snapshot, clock(), catalog)

    async with page_sources(catalog, clock) as pages:
        await asyncio.gather(*(poll(name, page) for name, page in pages.items()))
    return status_view(catalog, states, clock(), evidence, failures)
