"""The replicas' agreement on who holds which shard of Discord's gateway.

A replica holds its shards for as long as it is alive: until its lease ends, which `take` renews.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from adapters.redis import keys
from adapters.redis.database import Database
from adapters.redis.scripts import SHARDS


@dataclass(frozen=True, slots=True)
class ShardPart:
    """A replica's part of the shards."""

    shards: int  # of the gateway, as all replicas count them
    replicas: int  # that are alive
    share: int  # shards that a replica should hold at most
    held: frozenset[int]  # that this one holds, perhaps more than its share


class RedisShards:
    """`replica` names this process among all; `lease` in seconds. All raise `StoreError`."""

    def __init__(
        self, database: Database, replica: str, lease: float = keys.LEASE_MS / 1000
    ) -> None:
        self._database = database
        self._replica = replica
        self.lease = lease

    async def take(
        self, shards: int, *, force: bool = False, given_up: Collection[int] = ()
    ) -> ShardPart:
        """Renew the lease, give up shards whose sessions ended, take free ones up to the share.

        `shards`: how many Discord asks for. That holds where no other replica counts otherwise;
        with `force` for all of them, which then begin anew.
        """
        lease = int(self.lease * 1000)
        answer = await self._database.run(
            SHARDS, keys.GATEWAY, self._replica, lease, shards, int(force), *given_up
        )
        number, replicas, part, *held = map(int, answer)
        return ShardPart(number, replicas, part, frozenset(held))

    async def leave(self) -> None:
        """Give up all shards; their sessions ended."""
        await self._database.call("ZREM", keys.REPLICAS_KEY, self._replica)

    async def may_identify(self, group: int, seconds: float) -> bool:
        """Return whether no replica started a session of this group within so many seconds; if
        so, this one does it now.
        """
        key = f"{keys.GATEWAY}:identify:{group}"
        taken = await self._database.call("SET", key, 1, "NX", "PX", int(seconds * 1000))
        return taken is not None
