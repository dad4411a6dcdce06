"""Errors of redis-py, as ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
    RedisClusterException,
    RedisError,
)

from bot.domain.errors import StoreError

_ALLOW = "Let it use scripts and all commands on our keys: `ACL SETUSER <user> ~icd:* +@all`."
_LOG_IN = "Mend REDIS_URL: redis://user:password@host, or redis://:password@host."
# What a Redis says that answers and still does not do it (a part of it), and what helps.
_ADVICE = {
    "read only replica": "REDIS_URL names a replica: name the primary, or the Sentinels that know "
    "it (redis+sentinel://…).",
    "maxmemory": "Its memory is full: raise its `maxmemory`, and let it evict nothing.",
    "misconf": "It cannot save its data, and takes nothing until it can: look at its disk and log.",
    "noreplicas": "Start its replicas: fewer are connected than `min-replicas-to-write` asks for.",
    "busy ": "A script keeps it busy, which may be somebody else's: end it with `SCRIPT KILL`.",
    "max number of clients": "Raise its `maxclients`, or see by `CLIENT LIST` who they are.",
    "loading the dataset": "It still reads its data: wait until it has.",
    "unknown command": "It lacks commands of Redis 7: use that or newer, or Valkey.",
    "clusterdown": "A part of its cluster is down: `CLUSTER INFO` says which.",
    "masterdown": "REDIS_URL names a replica that lost its primary: name the primary.",
    "protocol error": "Something else than a Redis answers there: look at REDIS_URL.",
    "closed by server": "Its log says why it closes connections.",
    "timeout reading": "It does not answer in time: look at its load, and the network in between.",
    "connect call failed": "See that it runs, and that REDIS_URL names it.",
    "name or service not known": "See that REDIS_URL names the host where it runs.",
}


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what redis-py raises into ours."""
    try:
        yield
    except (AuthenticationError, AuthorizationError, NoPermissionError) as error:
        heed_cancellation()
        advice = _ALLOW if isinstance(error, NoPermissionError) else _LOG_IN
        raise StoreError(_refusal(error), advice) from error
    except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
        heed_cancellation()
        text = str(error).splitlines()[0] if str(error) else ""
        advice = next((does for says, does in _ADVICE.items() if says in text.lower()), "")
        raise StoreError(f"Redis: {type(error).__name__}: {text}", advice) from error
    except (AttributeError, TypeError) as error:
        # redis-py drops a connection while a command is being written to it, when the node fails
        # over or the peer hangs up: None stands then in the place of the socket or of a part of
        # it (redis/redis-py#3546, #4287).
        if "NoneType" not in str(error):
            raise
        heed_cancellation()
        raise StoreError("Redis: the connection was lost while a command was sent") from error


def _refusal(error: RedisError) -> str:
    """Name what Redis refuses, which its own words do in several ways."""
    says = str(error).lower()
    if isinstance(error, NoPermissionError):
        return "Redis: the user that REDIS_URL names may not do that; see `ACL SETUSER`"
    if "without any password" in says:
        return "Redis: it has no password, and REDIS_URL holds one"
    if "required" in says or "noauth" in says:
        return "Redis: it asks for a password, and REDIS_URL holds none"
    return "Redis: the user name or the password in REDIS_URL is wrong"


def heed_cancellation() -> None:
    """Raise the cancellation that redis-py may have lost: it writes under `asyncio.wait_for`,
    which before Python 3.12 forgets one that comes just as it ends (python/cpython#86296).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
