"""What a running instance knows, read from its store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from adapters.redis.client import open_database
from adapters.redis.embedded.data_dir import running_redis
from adapters.redis.evidence_stores import evidence_stores
from adapters.redis.incidents import RedisIncidentStore
from bot.catalog.catalog import Catalog
from bot.domain.errors import StoreError
from bot.domain.evidence import Evidence
from bot.domain.state import State
from bot.evidence.sources import Collector
from bot.settings import Settings

log = structlog.get_logger()

# A stored state that is older than so many polls is not kept fresh by anybody.
_FRESH_POLLS = 3


@dataclass(frozen=True, slots=True)
class StoredStates:
    """States by provider, who of them is watched just now, and evidence besides the pages."""

    states: dict[str, State] = field(default_factory=dict)
    others: tuple[Evidence, ...] = ()
    held: frozenset[str] = frozenset()


def fresh_for(settings: Settings) -> timedelta:
    return timedelta(seconds=_FRESH_POLLS * settings.poll_seconds)


async def stored_states(
    settings: Settings, catalog: Catalog, now: datetime | None = None
) -> StoredStates:
    """What a running instance knows; with `now` also what it sees besides the pages."""
    if settings.redis_url is not None:
        url: str | None = settings.redis_url.get_secret_value()
    else:
        url = running_redis(settings.data_dir)
    if url is None:
        return StoredStates()
    try:
        database = await open_database(url)
        try:
            incident_store = RedisIncidentStore(database)
            found = {name: (await incident_store.load(name)).state for name in catalog.providers}
            held = frozenset([name for name in found if await incident_store.is_held(name)])
            evidence_parts = evidence_stores(database, settings.secret_key)
            collector = Collector(
                evidence_parts.probes, evidence_parts.traffic, evidence_parts.reports, catalog
            )
            others = await collector.for_channel(None, now) if now else []
        finally:
            await database.close()
    except StoreError as error:
        log.warning("store.failed", reason=str(error))
        return StoredStates()
    states = {name: state for name, state in found.items() if state}
    return StoredStates(states, tuple(others), held)
