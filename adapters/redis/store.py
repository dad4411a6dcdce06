"""The stores in Redis, opened and closed together."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from functools import partial

import structlog
from pydantic import SecretStr

from adapters.redis import keys
from adapters.redis.alternatives import RedisAlternatives
from adapters.redis.checks import check_redis
from adapters.redis.client import open_database
from adapters.redis.database import Database, Failpoint
from adapters.redis.embedded.server import embedded_redis
from adapters.redis.evidence import evidence_stores
from adapters.redis.history import RedisHistory
from adapters.redis.identity import place_of
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.marker import DataMarker
from adapters.redis.queue import RedisQueue
from adapters.redis.rate_limit import RedisRateLimiter
from adapters.redis.retention import Retention
from adapters.redis.scripts import END_CLAIMS, RELEASE
from adapters.redis.stream import RedisEventStream
from adapters.redis.subscriptions import RedisReminders, RedisSubscriptions
from adapters.redis.takers import RedisTakers
from adapters.redis.timetable import RedisTimetable
from bot.domain.checks import Health
from bot.evidence.stores import EvidenceStores
from bot.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Store:
    """`holder` names this process among all that share the Redis."""

    holder: str
    database: Database
    incident_store: RedisIncidentStore
    subscriptions: RedisSubscriptions
    queue: RedisQueue
    stream: RedisEventStream
    reminders: RedisReminders
    timetable: RedisTimetable
    rate_limiter: RedisRateLimiter
    marker: DataMarker
    retention: Retention
    evidence: EvidenceStores
    past: RedisHistory
    alternatives: RedisAlternatives
    takers: RedisTakers


@contextlib.asynccontextmanager
async def open_store(
    url: str,
    *,
    queued: Callable[[], None] = lambda: None,
    written: Callable[[], None] = lambda: None,
    lease: float = 30.0,
    failpoint: Failpoint | None = None,
    holder: str | None = None,
    secret: SecretStr | None = None,
) -> AsyncIterator[Store]:
    """Connect to `url` (see `client`) for as long as we are inside.

    `queued` is called whenever this process has put channels in the queue: wake the workers;
    `written` when it has written evidence.
    `holder` names this process among the replicas; random if not given. `secret` keys the hashes
    of people who report something.

    Raises:
        SettingsError: the URL is of no known form.
        StoreError: no answer, or the data are of a newer version.
    """
    async with contextlib.AsyncExitStack() as stack:
        database = await open_database(url, failpoint)
        stack.push_async_callback(database.close)
        holder = holder or f"{socket.gethostname()}-{secrets.token_hex(4)}"
        incident_store = RedisIncidentStore(database)
        queue = RedisQueue(database, holder, queued, lease=lease)
        rate_limiter = RedisRateLimiter(database)
        stack.push_async_callback(queue.close)
        stack.push_async_callback(rate_limiter.close)
        yield Store(
            holder=holder,
            database=database,
            incident_store=incident_store,
            subscriptions=RedisSubscriptions(database, incident_store, queued),
            queue=queue,
            stream=RedisEventStream(database, holder, queued),
            reminders=RedisReminders(database),
            timetable=RedisTimetable(database),
            rate_limiter=rate_limiter,
            marker=DataMarker(database),
            retention=Retention(database, queue),
            evidence=evidence_stores(database, secret, written),
            past=RedisHistory(database),
            alternatives=RedisAlternatives(database),
            takers=RedisTakers(database),
        )


@dataclass(frozen=True, slots=True)
class Stores:
    """The same stores over two pools of connections.

    What people ask at once, however many they are, uses up its own pool: the watcher, the fan-out
    and the workers have theirs.
    """

    loops: Store
    people: Store


@contextlib.asynccontextmanager
async def open_stores_of(
    settings: Settings,
    providers: Iterable[str],
    queued: Callable[[], None],
    written: Callable[[], None] = lambda: None,
) -> AsyncIterator[Stores]:
    """Open the Redis of the settings, or an embedded one, and check that it is fit for us.

    `queued` and `written` are as for `open_store`.

    Raises:
        StoreError: it cannot be reached, or the data folder is in use.
    """
    async with contextlib.AsyncExitStack() as stack:
        embedded = settings.redis_url is None
        place = None
        if settings.redis_url is None:
            url = await stack.enter_async_context(embedded_redis(settings.data_dir))
        else:
            url = settings.redis_url.get_secret_value()
            place = stack.enter_context(place_of(settings.data_dir))
        opening = partial(
            open_store, url, queued=queued, written=written, secret=settings.secret_key
        )
        store = await stack.enter_async_context(opening(holder=place))
        # Named after the place too: what it holds of a gateway it has again after a restart.
        people = await stack.enter_async_context(opening(holder=place and f"{place}-people"))
        if embedded:  # it has one process at a time
            await end_claims(store.database, providers)
        elif place is not None:
            await end_claims(store.database, providers, place)
        async for finding in check_redis(store.database, "embedded" if embedded else "given"):
            if finding.health is not Health.GOOD:
                log.warning("redis.unfit", says=finding.says, advice=finding.advice)
        yield Stores(store, people)


async def end_claims(
    database: Database, providers: Iterable[str], holder: str | None = None
) -> None:
    """End the leases and claims of a process that was killed, by the name that it held.

    Among replicas they end by themselves within half a minute. `holder` None: those of all
    processes, where no other can be at work.

    Raises:
        StoreError: Redis did not answer.
    """
    for provider in providers:
        if holder is None:
            await database.call("DEL", f"{keys.provider(provider)}:lease")
        else:
            await database.run(RELEASE, keys.provider(provider), holder)
    start = f"{holder}:" if holder else ""
    if holder is None:
        await database.call("DEL", keys.REPLICAS_KEY)
    for platform in await database.call("SMEMBERS", keys.PLATFORMS_KEY):
        calls = [(base, (start,)) for base in database.shards.of_platform(platform.decode())]
        for answer in await database.run_many(END_CLAIMS, calls):
            if isinstance(answer, BaseException):
                raise answer
