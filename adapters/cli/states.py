"""The states of a running instance, read from its store. Loads Redis only where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from adapters.redis.embedded.data_dir import running_redis
from bot.catalog.catalog import Catalog
from bot.domain.errors import StoreError
from bot.domain.evidence import Evidence
from bot.domain.state import State
from bot.settings import Settings

if TYPE_CHECKING:
    from adapters.redis.database import Database

log = structlog.get_logger()

# A stored state that is older than so many polls is not kept fresh by anybody.
_FRESH_POLLS = 3


def fresh_for(every: float) -> timedelta:
    """Return how old the state of a page may be that is polled `every` so many seconds."""
    return timedelta(seconds=_FRESH_POLLS * every)


async def stored_states(
    settings: Settings, catalog: Catalog, now: datetime
) -> tuple[dict[str, State], Sequence[Evidence]]:
    """States by provider, and evidence besides the pages. Empty where no instance runs."""
    database = await _database(settings)
    if database is None:
        return {}, ()
    from adapters.redis.evidence import evidence_stores
    from adapters.redis.incidents import RedisIncidentStore
    from bot.evidence.collector import Collector
    from bot.status.snapshot import read_snapshot

    try:
        collector = Collector(evidence_stores(database, settings.secret_key), catalog)
        stored = await read_snapshot(catalog, RedisIncidentStore(database), collector, now)
    except StoreError as error:
        log.warning("store.failed", reason=str(error))
        return {}, ()
    finally:
        await database.close()
    return dict(stored.states), stored.evidence(None)


async def held_pages(settings: Settings, catalog: Catalog) -> frozenset[str]:
    """Providers whose page an instance watches at this moment."""
    database = await _database(settings)
    if database is None:
        return frozenset()
    from adapters.redis.incidents import RedisIncidentStore

    try:
        store = RedisIncidentStore(database)
        return frozenset([name for name in catalog.providers if await store.is_held(name)])
    except StoreError as error:
        log.warning("store.failed", reason=str(error))
        return frozenset()
    finally:
        await database.close()


async def _database(settings: Settings) -> Database | None:
    """The store of a running instance; None where there is none or it does not answer."""
    if settings.redis_url is not None:
        url: str | None = settings.redis_url.get_secret_value()
    else:
        url = running_redis(settings.data_dir)
    if url is None:
        return None
    from adapters.redis.client import open_database

    try:
        return await open_database(url)
    except StoreError as error:
        log.warning("store.failed", reason=str(error))
        return None
