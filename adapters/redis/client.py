"""From `REDIS_URL` to a connected Redis.

redis://[user:password@]host[:port][/db]          one server
rediss://…                                        the same over TLS
unix:///path/to/socket                            the same by a socket
redis+sentinel://[user:password@]host:port,host:port/name[/db]   the primary `name` of Sentinels
redis+cluster://[user:password@]host:port,host:port              a cluster, by some of its nodes
rediss+sentinel://… rediss+cluster://…            over TLS; query options as redis-py reads them
"""

from __future__ import annotations

import re
from contextlib import suppress
from inspect import signature
from typing import Any
from urllib.parse import unquote, urlsplit

import hiredis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

from adapters.redis.database import CONNECTIONS, Client, Database, Failpoint
from bot.domain.errors import SettingsError, StoreError

TIMEOUT = 5.0  # seconds for one answer; nothing of ours blocks on the server
HIGHEST_PORT = 65_535

# Nothing is repeated by redis-py: a lost answer does not mean that nothing was written.
_OPTIONS: dict[str, Any] = {
    "socket_timeout": TIMEOUT,
    "socket_connect_timeout": TIMEOUT,
    "protocol": 2,
}


async def open_database(
    url: str, failpoint: Failpoint | None = None, *, resharding: bool = False
) -> Database:
    """Connect, and check that what is there is ours. `resharding`: see `Database.prepare`.

    Raises:
        SettingsError: the URL is none of the forms above.
        StoreError: no answer, written by a newer version, or destinations are on the way.
    """
    database = Database(client_of(url), failpoint)
    try:
        await database.prepare(resharding=resharding)
    except BaseException:
        with suppress(StoreError):
            await database.close()
        raise
    return database


def client_of(url: str) -> Client:
    """Return a client for one of the forms above; it connects when first used.

    Raises:
        SettingsError: it is none of them. Nothing of the URL is repeated that may be a password.
    """
    scheme = url.split("://", 1)[0]
    _refuse_unreadable(url)
    try:
        if scheme in {"redis", "rediss", "unix"}:
            pool = BlockingConnectionPool.from_url(
                url, max_connections=CONNECTIONS, timeout=TIMEOUT, retry=_once(), **_OPTIONS
            )
            makers = [vars(kind).get("__init__") for kind in pool.connection_class.__mro__]
            known = {name for make in makers if make for name in signature(make).parameters}
            if unknown := pool.connection_kwargs.keys() - known:
                raise SettingsError(f"REDIS_URL: there is no option {', '.join(sorted(unknown))}")
            pool.connection_class = packing(pool.connection_class)
            return Redis.from_pool(pool)
        if scheme in {"redis+sentinel", "rediss+sentinel"}:
            return _by_sentinel(url)
        if scheme in {"redis+cluster", "rediss+cluster"}:
            return _cluster(url)
    except ValueError as error:
        raise SettingsError(f"REDIS_URL cannot be read: {error}") from None
    raise SettingsError(
        "REDIS_URL must begin with redis://, rediss://, unix://, redis+sentinel:// "
        "or redis+cluster:// (the last two also with rediss)"
    )


def packing(kind: type[Any]) -> type[Any]:
    """Return this class of connections with commands packed by hiredis, as redis-py's synchronous
    ones do: a settlement has 14 arguments, and Python takes a microsecond for each.
    """

    def pack_command(_: object, *arguments: str | bytes | float) -> list[bytes]:
        name, *rest = arguments
        words = name.split() if isinstance(name, str | bytes) else [name]
        return [hiredis.pack_command((*words, *rest))]

    return type(f"Packing{kind.__name__}", (kind,), {"pack_command": pack_command})


def _refuse_unreadable(url: str) -> None:
    """Raises: SettingsError: a sign in the password ends it early, or a port is no number.

    What urllib says of such a URL repeats a part of the password.
    """
    _, _, rest = url.partition("://")
    hosts = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest[len(hosts) :]:
        raise SettingsError(
            "REDIS_URL cannot be read: in a password / # ? and @ are written %2F %23 %3F and %40"
        )
    if url.startswith(("redis://", "rediss://")) and not re.fullmatch(
        r"(/\d*)?(\?.*)?(#.*)?", rest[len(hosts) :]
    ):
        raise SettingsError(
            "REDIS_URL cannot be read: after the host's / stands a number, as in /0"
        )
    for host in hosts.rpartition("@")[2].split(","):
        port = host.rpartition("]")[2].rpartition(":")[2] if ":" in host else ""
        if port and not (port.isdecimal() and int(port) <= HIGHEST_PORT):
            raise SettingsError(
                "REDIS_URL cannot be read: a port is no number up to 65535 (or is it a password? "
                "That ends with an @ before the host)"
            )


def _once() -> Retry:
    return Retry(NoBackoff(), 0)


def _by_sentinel(url: str) -> Redis:
    parts = urlsplit(url)
    name, _, db = parts.path.strip("/").partition("/")
    if not name:
        raise ValueError("the name of the primary is missing after the hosts")
    # Untyped in redis-py.
    sentinel: Any = Sentinel(_hosts(url, 26379), sentinel_kwargs={**_OPTIONS, "retry": _once()})  # type: ignore[no-untyped-call]
    primary: Redis = sentinel.master_for(
        name,
        redis_class=Redis,
        connection_pool_class=SentinelConnectionPool,
        db=int(db or 0),
        max_connections=CONNECTIONS * 4,
        retry=_once(),
        **_OPTIONS,
        **_login(url),
    )
    pool: Any = primary.connection_pool
    pool.connection_class = packing(pool.connection_class)
    return primary


def _cluster(url: str) -> RedisCluster:
    return RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in _hosts(url, 6379)],
        # A moved slot or a node that just failed over is followed; this repeats a command only
        # where the node did not answer at all, and every script of ours bears being repeated.
        retry=Retry(NoBackoff(), 1),
        max_connections=CONNECTIONS,
        **_OPTIONS,
        **_login(url),
    )


def _hosts(url: str, default: int) -> list[tuple[str, int]]:
    hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
    pairs = [host.partition(":") for host in hosts if host]
    if not pairs:
        raise ValueError("it names no host")
    return [(host, int(port or default)) for host, _, port in pairs]


def _login(url: str) -> dict[str, Any]:
    user, _, password = urlsplit(url).netloc.rpartition("@")[0].partition(":")
    login: dict[str, Any] = {"ssl": True} if url.startswith("rediss") else {}
    if user:
        login["username"] = unquote(user)
    if password:
        login["password"] = unquote(password)
    return login
