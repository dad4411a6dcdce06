"""What a process that was killed still held: leases and claims.

Among replicas they end by themselves within half a minute. An embedded Redis has one process at a
time, so at its start nobody can hold anything, and nobody has to wait.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.redis import keys
from adapters.redis.database import Database
from adapters.redis.scripts import ORPHANS


async def free_orphans(database: Database, providers: Iterable[str]) -> None:
    """End all leases and claims. Only where no other process can be at work.

    Raises:
        StoreError: Redis did not answer.
    """
    for provider in providers:
        await database.call("DEL", f"{keys.provider(provider)}:lease")
    for platform in await database.call("SMEMBERS", keys.PLATFORMS_KEY):
        calls = [(base, ()) for base in keys.shards(platform.decode())]
        for answer in await database.run_many(ORPHANS, calls):
            if isinstance(answer, BaseException):
                raise answer
