"""The Redis of the settings, or one of our own, opened and looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from adapters.redis.checks import check_redis
from adapters.redis.embedded.server import embedded_redis
from adapters.redis.orphans import free_orphans
from adapters.redis.store import Store, open_store
from bot.domain.checks import Health
from bot.settings import Settings

log = structlog.get_logger()


@asynccontextmanager
async def opened_store(
    settings: Settings, providers: Iterable[str], queued: Callable[[], None]
) -> AsyncIterator[Store]:
    """Everything on Redis; `queued` is called whenever channels were queued.

    Raises:
        StoreError: it cannot be reached, or the data folder is in use.
    """
    async with AsyncExitStack() as stack:
        embedded = settings.redis_url is None
        if settings.redis_url is None:
            url = await stack.enter_async_context(embedded_redis(settings.data_dir))
        else:
            url = settings.redis_url.get_secret_value()
        store = await stack.enter_async_context(open_store(url, queued=queued))
        if embedded:
            await free_orphans(store.database, providers)
        async for finding in check_redis(store.database, "embedded" if embedded else "given"):
            if finding.health is not Health.GOOD:
                log.warning("redis.unfit", says=finding.says, advice=finding.advice)
        yield store
