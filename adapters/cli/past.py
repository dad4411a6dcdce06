"""The past for a command that ends: what is stored, and one look at pages that nobody watches."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.providers.http import StatusPage
from adapters.providers.opened import page_sources
from adapters.redis.embedded.data_dir import running_redis
from bot.catalog.catalog import Catalog
from bot.catalog.watched import watched_catalog
from bot.domain.errors import SourceError, StoreError
from bot.domain.incident import Incident
from bot.domain.page import PageList, Severity
from bot.domain.state import State
from bot.engine.step import step
from bot.history.looks import EVER, whole_since
from bot.history.past import past_incidents, past_of
from bot.history.spans import READ, Observer, Span
from bot.ports import Clock, VersionedState
from bot.settings import Settings
from bot.status.service import StatusService
from bot.status.snapshot import SharedSnapshot
from bot.status.view import is_fresh


@dataclass(slots=True)
class PastInMemory:
    """The past of each provider in memory, as `IncidentReader` and `HistoryReader`."""

    states: dict[str, State] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)  # by key
    seen: dict[str, list[Span]] = field(default_factory=dict)

    async def load(self, provider: str) -> VersionedState:
        return VersionedState(self.states.get(provider), 0)

    async def incident(self, key: str) -> Incident | None:
        return self.incidents.get(key)

    async def history(self, provider: str, since: datetime) -> list[Incident]:
        mine = [one for one in self.incidents.values() if one.provider == provider]
        return [one for one in mine if one.ended_at is None or one.ended_at >= since]

    async def spans(self, provider: str, since: datetime) -> list[Span]:
        return [span for span in self.seen.get(provider, ()) if span.end >= since]

    async def read_stored(self, settings: Settings, catalog: Catalog) -> None:
        """Add what is stored. Raises: StoreError."""
        from adapters.cli.stored import stored_data
        from adapters.redis.history import RedisHistory
        from adapters.redis.incidents import RedisIncidentStore

        async with stored_data(settings) as database:
            incidents, history = RedisIncidentStore(database), RedisHistory(database)
            for name in catalog.providers:
                if state := (await incidents.load(name)).state:
                    self.states[name] = state
                    self.incidents |= {one.key: one for one in await incidents.history(name, EVER)}
                    self.seen[name] = await history.spans(name, EVER)

    async def look(self, name: str, page: StatusPage, catalog: Catalog, clock: Clock) -> str:
        """Read the page's list once and add what is new. Returns why it failed, if so."""
        try:
            seen = await page.poll(lambda _: {PageList.INCIDENTS})
        except SourceError as error:
            return str(error)
        now = clock()
        state, _ = step(self.states.get(name), seen, now, catalog)
        self.states[name] = state
        listed = past_of(seen.recent or (), state.our_ids)
        told = past_incidents(listed, seen.components, name, now, catalog)
        self.incidents = {one.key: one for one in told} | self.incidents
        self.incidents |= {one.key: one for one in state.incidents.values()}
        if (whole := whole_since(seen)) is not None:
            span = Span(Observer.LIST, READ, Severity.UP, whole, now)
            self.seen.setdefault(name, []).append(span)
        return ""


async def past_now(
    settings: Settings, clock: Clock, *, running_only: bool = False
) -> tuple[StatusService, list[str]]:
    """Return what is stored, with one look at each page that nobody watches now; and what failed.

    `running_only`: what lies in the data folder is left alone while no instance runs on it.
    """
    catalog = watched_catalog(settings)
    past, failures = PastInMemory(), list[str]()
    in_folder = (settings.data_dir / "appendonlydir").exists() and not running_only
    if settings.redis_url is not None or running_redis(settings.data_dir) or in_folder:
        try:
            await past.read_stored(settings, catalog)
        except StoreError as error:
            failures.append(str(error))
    async with page_sources(catalog, clock) as pages:
        looks = [
            past.look(name, page, catalog, clock)
            for name, page in pages.items()
            if not (state := past.states.get(name))
            or not is_fresh(state, clock(), catalog.provider(name).every)
        ]
        failures += filter(None, await asyncio.gather(*looks))
    kept = timedelta(days=settings.history_days)
    snapshot = SharedSnapshot(past, None, clock)
    return StatusService(catalog, past, snapshot, clock, past, kept), failures
