"""The present view for a command that ends: from a running instance, or by one poll of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.cli.states import fresh_for, stored_states
from adapters.providers.http import StatusPage
from adapters.providers.opened import page_sources
from bot.catalog.catalog import Catalog
from bot.catalog.watched import usable_instead, watched_catalog
from bot.domain.errors import SourceError
from bot.domain.evidence import Evidence
from bot.domain.state import State
from bot.engine.step import on_failure, step
from bot.ports import Clock
from bot.settings import Settings
from bot.status.view import StatusView, status_view


@dataclass(frozen=True, slots=True)
class PagesNow:
    """The state of each page at one moment."""

    catalog: Catalog
    states: Mapping[str, State]
    evidence: Sequence[Evidence]
    failures: Mapping[str, str]  # why a page could not be read
    at: datetime
    usable: tuple[str, ...]  # instead, as the settings say

    def view(self, versions: Mapping[str, str] | None = None) -> StatusView:
        """With `versions` (by surface), of these versions of models alone, called so."""
        view = status_view(
            self.catalog, self.states, self.at, self.evidence, self.failures, versions
        )
        return replace(view.naming(versions or {}), alternatives=self.usable)


async def current_view(settings: Settings, clock: Clock) -> StatusView:
    return (await pages_now(settings, clock)).view()


async def pages_now(settings: Settings, clock: Clock) -> PagesNow:
    """Return what a running instance keeps fresh; pages that none does are polled once."""
    catalog = watched_catalog(settings)
    states, evidence = await stored_states(settings, catalog, clock())
    failures: dict[str, str] = {}

    async def poll(name: str, page: StatusPage) -> None:
        before = states.get(name)
        every = catalog.provider(name).every
        if before and abs(clock() - before.observed_at) < fresh_for(every):
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
    usable = usable_instead(settings, catalog)
    return PagesNow(catalog, states, evidence, failures, clock(), usable)
