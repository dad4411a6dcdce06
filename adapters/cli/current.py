"""The present view for a command that ends: from a running instance, or by one poll of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.cli.states import fresh_for, stored_incidents, stored_states
from adapters.providers.http import StatusPage
from adapters.providers.opened import page_sources
from bot.catalog.catalog import Catalog
from bot.catalog.watched import watched_catalog
from bot.domain.errors import SourceError
from bot.domain.evidence import Evidence
from bot.domain.incident import Incident
from bot.domain.page import PageList
from bot.domain.state import State
from bot.engine.backfill import ended_in
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

    def view(self, versions: Mapping[str, str] | None = None) -> StatusView:
        """With `versions` (by surface), of these versions of models alone, called so."""
        view = status_view(
            self.catalog, self.states, self.at, self.evidence, self.failures, versions
        )
        return view.naming(versions or {})


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
    return PagesNow(catalog, states, evidence, failures, clock())


async def past_incidents(settings: Settings, clock: Clock, since: datetime) -> list[Incident]:
    """Incidents that were open then or later: as an instance has them, and as the pages list them.

    Pages that cannot be read add none.
    """
    catalog = watched_catalog(settings)
    found = {one.key: one for one in await stored_incidents(settings, catalog, since)}

    async def read(name: str, page: StatusPage) -> None:
        try:
            snapshot = await page.poll(lambda _: (PageList.INCIDENTS,))
        except SourceError:
            return
        state, _ = step(None, snapshot, clock(), catalog)
        listed = [*state.incidents.values(), *ended_in(snapshot, catalog.provider(name))]
        for one in listed:
            if one.ended_at is None or one.ended_at >= since:
                found.setdefault(one.key, one)

    async with page_sources(catalog, clock) as pages:
        await asyncio.gather(*(read(name, page) for name, page in pages.items()))
    return list(found.values())
