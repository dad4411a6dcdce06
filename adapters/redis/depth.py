"""How much waits to be delivered, for the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.redis import keys
from adapters.redis.database import Database
from adapters.redis.scripts import DEPTH


@dataclass(frozen=True, slots=True)
class Depth:
    """Channels that are behind, and for how many seconds the first of those ready waits."""

    channels: int
    lag: float


async def depth_of(database: Database, platform: str, now: datetime) -> Depth:
    """Add up the shards of a platform.

    Raises:
        StoreError: Redis did not answer.
    """
    answers = await database.run_many(DEPTH, [(base, ()) for base in keys.shards(platform)])
    channels, oldest = 0, 0.0
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        channels += int(answer[0])
        since = float(answer[1])
        oldest = min(oldest, since) if oldest and since else oldest or since
    lag = now.timestamp() - oldest / 1000 if oldest else 0.0
    return Depth(channels, max(0.0, lag))
