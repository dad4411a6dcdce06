"""What a running instance knows, read from its store."""

from __future__ import annotations

from datetime import timedelta

import structlog

from adapters.redis.connect import open_database
from adapters.redis.folder import running_redis
from adapters.redis.journal import RedisJournal
from bot.catalog import Catalog
from bot.engine.state import State
from bot.errors import StoreError
from bot.settings import Settings

log = structlog.get_logger()

# A stored state that is older than so many polls is not kept fresh by anybody.
_FRESH_POLLS = 3


def fresh_for(settings: Settings) -> timedelta:
    return timedelta(seconds=_FRESH_POLLS * settings.poll_seconds)


async def stored_states(settings: Settings, catalog: Catalog) -> dict[str, State]:
    """States in the store of a running instance; none if there is no such store."""
    if settings.redis_url is not None:
        url: str | None = settings.redis_url.get_secret_value()
    else:
        url = running_redis(settings.data_dir)
    if url is None:
        return {}
    try:
        database = await open_database(url)
        try:
            journal = RedisJournal(database)
            stored = {name: (await journal.load(name)).state for name in catalog.providers}
        finally:
            await database.close()
    except StoreError as error:
        log.warning("store.failed", reason=str(error))
        return {}
    return {name: state for name, state in stored.items() if state}
