"""What a running instance knows, read from its store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from adapters.redis.connect import open_database
from adapters.redis.eyes import eye_stores
from adapters.redis.folder import running_redis
from adapters.redis.journal import RedisJournal
from bot.catalog import Catalog
from bot.engine.state import State
from bot.errors import StoreError
from bot.model import Evidence
from bot.settings import Settings
from bot.witness import Witness

log = structlog.get_logger()

# A stored state that is older than so many polls is not kept fresh by anybody.
_FRESH_POLLS = 3


@dataclass(frozen=True, slots=True)
class Stored:
    """States by provider, who of them is watched just now, and evidence besides the pages."""

    states: dict[str, State] = field(default_factory=dict)
    others: tuple[Evidence, ...] = ()
    held: frozenset[str] = frozenset()


def fresh_for(settings: Settings) -> timedelta:
    return timedelta(seconds=_FRESH_POLLS * settings.poll_seconds)


async def stored(settings: Settings, catalog: Catalog, now: datetime | None = None) -> Stored:
    """What a running instance knows; with `now` also what it sees besides the pages."""
    if settings.redis_url is not None:
        url: str | None = settings.redis_url.get_secret_value()
    else:
        url = running_redis(settings.data_dir)
    if url is None:
        return Stored()
    try:
        database = await open_database(url)
        try:
            journal = RedisJournal(database)
            found = {name: (await journal.load(name)).state for name in catalog.providers}
            held = frozenset([name for name in found if await journal.is_held(name)])
            eyes = eye_stores(database, settings.secret_key)
            witness = Witness(eyes.probes, eyes.traffic, eyes.reports, catalog)
            others = await witness.for_channel(None, now) if now else []
        finally:
            await database.close()
    except StoreError as error:
        log.warning("store.failed", reason=str(error))
        return Stored()
    states = {name: state for name, state in found.items() if state}
    return Stored(states, tuple(others), held)
