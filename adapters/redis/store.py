"""Everything of ours that lives in Redis, opened and closed together."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from adapters.redis.client import open_database
from adapters.redis.database import Database, Failpoint
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.queue import RedisQueue
from adapters.redis.rate_limit import RedisRateLimiter
from adapters.redis.stream import RedisEventStream
from adapters.redis.subscriptions import RedisSubscriptions


@dataclass(frozen=True, slots=True)
class Store:
    """`holder` names this process among all that share the Redis."""

    holder: str
    database: Database
    incident_store: RedisIncidentStore
    subscriptions: RedisSubscriptions
    queue: RedisQueue
    feed: RedisEventStream
    rate_limiter: RedisRateLimiter


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
        incident_store = RedisIncidentStore(database)
        queue, rate_limiter = RedisQueue(database, holder, lease=lease), RedisRateLimiter(database)
        stack.push_async_callback(queue.close)
        stack.push_async_callback(rate_limiter.close)
        yield Store(
            holder=holder,
            database=database,
            incident_store=incident_store,
            subscriptions=RedisSubscriptions(database, incident_store, queued),
            queue=queue,
            feed=RedisEventStream(database, holder, queued),
            rate_limiter=rate_limiter,
        )
