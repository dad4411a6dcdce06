"""Everything of ours that lives in Redis, opened and closed together."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from adapters.redis.connect import open_database
from adapters.redis.database import Database, Failpoint
from adapters.redis.feed import RedisFeed
from adapters.redis.journal import RedisJournal
from adapters.redis.pace import RedisPace
from adapters.redis.queue import RedisQueue
from adapters.redis.subscriptions import RedisSubscriptions


@dataclass(frozen=True, slots=True)
class Store:
    """`holder` names this process among all that share the Redis."""

    holder: str
    database: Database
    journal: RedisJournal
    subscriptions: RedisSubscriptions
    queue: RedisQueue
    feed: RedisFeed
    pace: RedisPace


@contextlib.asynccontextmanager
async def open_store(
    url: str,
    *,
    queued: Callable[[], None] = lambda: None,
    lease: float = 30.0,
    failpoint: Failpoint | None = None,
) -> AsyncIterator[Store]:
    """Connect to `url` (see `connect`) for as long as we are inside.

    `queued` is called whenever this process has put channels in the queue: wake the couriers.

    Raises:
        SettingsError: the URL is of no known form.
        StoreError: no answer, or the data are of a newer version.
    """
    async with contextlib.AsyncExitStack() as stack:
        database = await open_database(url, failpoint)
        stack.push_async_callback(database.close)
        holder = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        journal = RedisJournal(database)
        queue, pace = RedisQueue(database, holder, lease=lease), RedisPace(database)
        stack.push_async_callback(queue.close)
        stack.push_async_callback(pace.close)
        yield Store(
            holder=holder,
            database=database,
            journal=journal,
            subscriptions=RedisSubscriptions(database, journal, queued),
            queue=queue,
            feed=RedisFeed(database, holder, queued),
            pace=pace,
        )
