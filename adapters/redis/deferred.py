"""Work that an adapter put off, so that it outlives the process: texts by name, each with its time.

For all replicas, without claims: whoever finds work overdue does it, and doing it twice must be
harmless.
"""

from __future__ import annotations

from datetime import timedelta

from adapters.redis import keys
from adapters.redis.database import Database
from bot.ports import Clock

TAKEN_TOGETHER = 100  # overdue pieces of work (guess)


class RedisDeferred:
    """The deferred work of one platform. Every method raises `StoreError` if Redis fails."""

    def __init__(self, database: Database, platform: str, clock: Clock) -> None:
        self._database = database
        self._base = keys.deferred(platform)
        self._clock = clock

    async def put(self, name: str, text: str, seconds: float) -> None:
        """Keep `text`, due in so many seconds, in place of what was kept under that name."""
        due = (self._clock() + timedelta(seconds=seconds)).timestamp()
        # The text first: without a time it is never found, and the next `put` replaces it.
        await self._database.call("HSET", f"{self._base}:work", name, text)
        await self._database.call("ZADD", f"{self._base}:due", due, name)

    async def remove(self, name: str) -> None:
        await self._database.call("ZREM", f"{self._base}:due", name)
        await self._database.call("HDEL", f"{self._base}:work", name)

    async def overdue(self, seconds: float) -> list[tuple[str, str]]:
        """Return names and texts of what was due at least so many seconds ago, the oldest first."""
        latest = (self._clock() - timedelta(seconds=seconds)).timestamp()
        due = f"{self._base}:due"
        names = await self._database.call(
            "ZRANGE", due, "-inf", latest, "BYSCORE", "LIMIT", 0, TAKEN_TOGETHER
        )
        if not names:
            return []
        texts = await self._database.call("HMGET", f"{self._base}:work", *names)
        return [
            (name.decode(), text.decode())
            for name, text in zip(names, texts, strict=True)
            if text is not None
        ]
