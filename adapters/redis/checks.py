"""Checks whether a Redis is fit to keep what exists nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from adapters.redis import keys
from adapters.redis.database import Database
from adapters.redis.marker import ADVICE, lost_at
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import StoreError

OLDEST = 7  # major version: our scripts use functions that came with it

NO_REDIS = "Start it, or check REDIS_URL; without REDIS_URL an embedded one is used."
_DURABLE = "Set `appendonly yes` (and `appendfsync always` if a power cut must lose nothing)."
_EVICTING = (
    "Set `maxmemory-policy noeviction`: what is evicted here was a subscription or a thread."
)


async def check_redis(database: Database, kind: str) -> AsyncIterator[CheckResult]:
    """Check version, durability and eviction. `kind` says which Redis it is: embedded, given."""
    try:
        about: Mapping[str, Any] = await database.call("INFO")
        # A user may be allowed to read and write, and not to run scripts, by which we do it.
        await database.call("EVAL", "return 1", 1, keys.SCHEMA_KEY)
    except StoreError as error:
        yield CheckResult("redis", str(error), Health.BROKEN, error.advice or NO_REDIS)
        return
    if about and all(isinstance(value, dict) for value in about.values()):
        about = next(iter(about.values()))  # a cluster answers by node
    if (at := await lost_at(database)) is not None:
        says = f"lost all it held, noticed {at:%Y-%m-%d %H:%M} UTC"
        yield CheckResult("redis data", says, Health.WARNING, ADVICE)
    name = "Valkey" if "valkey_version" in about else "Redis"
    version = str(about.get("valkey_version") or about.get("redis_version") or "0")
    mode = about.get("redis_mode") or about.get("server_mode") or "standalone"
    says = f"{kind}, {name} {version}, {mode}"
    if int(version.partition(".")[0]) < OLDEST:
        advice = f"Use Redis {OLDEST} or newer, or Valkey."
        yield CheckResult("redis", says, Health.BROKEN, advice)
    else:
        yield CheckResult("redis", says)
    yield _durability(about)
    yield _eviction(str(about.get("maxmemory_policy", "")), about.get("maxmemory", 0))


def _durability(about: Mapping[str, Any]) -> CheckResult:
    if not int(about.get("aof_enabled", 0)):
        return CheckResult(
            "redis durability", "keeps no append-only file", Health.WARNING, _DURABLE
        )
    if about.get("aof_last_write_status", "ok") != "ok":
        advice = "Look at its disk: until it can write, what is told now is not kept."
        return CheckResult("redis durability", "cannot write its file", Health.BROKEN, advice)
    return CheckResult("redis durability", "keeps an append-only file")


def _eviction(policy: str, limit: Any) -> CheckResult:  # noqa: ANN401 (as INFO gives it)
    if policy in {"", "noeviction"}:
        return CheckResult("redis eviction", "never evicts")
    if int(limit) == 0:
        return CheckResult("redis eviction", f"{policy}, but no memory limit is set")
    return CheckResult("redis eviction", f"may evict keys ({policy})", Health.WARNING, _EVICTING)
