"""Opens the store for commands that need it whether or not an instance runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from adapters.redis.client import open_database
from adapters.redis.database import Database
from adapters.redis.embedded.data_dir import running_redis
from adapters.redis.embedded.server import embedded_redis
from bot.settings import Settings


@asynccontextmanager
async def stored_data(settings: Settings, *, resharding: bool = False) -> AsyncIterator[Database]:
    """Yield the Redis of the settings or of the data folder, whether or not an instance uses it.

    `resharding`: see `Database.prepare`.

    Raises:
        StoreError: it does not answer, or cannot be started.
        SettingsError: REDIS_URL cannot be read.
    """
    async with AsyncExitStack() as stack:
        if settings.redis_url is not None:
            url = settings.redis_url.get_secret_value()
        elif running := running_redis(settings.data_dir):
            url = running
        else:
            url = await stack.enter_async_context(embedded_redis(settings.data_dir))
        database = await open_database(url, resharding=resharding)
        stack.push_async_callback(database.close)
        yield database


def kind_of(settings: Settings) -> str:
    """Return which one it is, in words."""
    if settings.redis_url is not None:
        return "given"
    used = running_redis(settings.data_dir) is not None
    return "embedded, in use by a running instance" if used else "embedded"
