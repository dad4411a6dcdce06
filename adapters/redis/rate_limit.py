"""Limits that all replicas share: see `bot.delivery.queue.RateLimiter`.

The libraries for this (limits, throttled-py) answer one question per round trip and say only
"no" or "try again in"; hundreds of channels behind one limit would each ask again and again.
The script beside this grants many at once and names a time for each of the others, which then
wait in the queue and hold nothing meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.redis import keys
from adapters.redis.database import Database
from adapters.redis.scripts import RATE_LIMIT
from bot.delivery.queue import Permit
from bot.domain.errors import StoreError
from bot.messenger import Bucket

LINGER = 0.002  # seconds that a question waits for others about the same limit


@dataclass(slots=True)
class _Round:
    """Those who ask about one limit at about the same time."""

    bucket: Bucket
    wanted: list[asyncio.Future[Permit]] = field(default_factory=list)
    held: list[asyncio.Future[Permit]] = field(default_factory=list)


class RedisRateLimiter:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._rounds: dict[str, _Round] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def acquire(self, buckets: Sequence[Bucket], *, granted: bool = False) -> Permit:
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[Permit]] = []
        for bucket in buckets:
            round_ = self._rounds.get(bucket.name)
            if round_ is None:
                round_ = self._rounds[bucket.name] = _Round(bucket)
                task = loop.create_task(self._finish(round_))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
            answers.append(loop.create_future())
            (round_.held if granted else round_.wanted).append(answers[-1])
        permits = await asyncio.gather(*answers)
        return Permit(max((one.at for one in permits if one.at is not None), default=None))

    async def refused(self, bucket: Bucket, retry_after: float) -> None:
        await self._run(bucket, 0, 0, retry_after * 1000)

    async def close(self) -> None:
        """Answer nobody any more."""
        for task in self._asking:
            task.cancel()
        self._rounds.clear()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _finish(self, round_: _Round) -> None:
        """Ask for everybody in it, once others had a moment to join."""
        try:
            await asyncio.sleep(LINGER)
            del self._rounds[round_.bucket.name]
            everyone = [*round_.wanted, *round_.held]
            answer = await self._run(round_.bucket, len(round_.wanted), len(round_.held), 0)
            now, blocked, first = (float(part) for part in answer)
            # The held follow the wanted only where the limit was blocked since they were granted.
            asked = everyone if blocked else round_.wanted
            for number, one in enumerate(asked):
                at = first + number * 1000 / round_.bucket.rate
                if not one.done():  # given up meanwhile
                    one.set_result(Permit(at if at > now else None))
            for one in everyone:
                if not one.done():
                    one.set_result(Permit())
        except StoreError as error:
            for one in everyone:
                if not one.done():
                    one.set_exception(error)
        finally:  # closed in the middle: nobody waits for ever
            for one in (*round_.wanted, *round_.held):
                one.cancel()

    async def _run(self, bucket: Bucket, wanted: int, held: int, block: float) -> list[bytes]:
        interval = 1000 / bucket.rate
        answer: list[bytes] = await self._database.run(
            RATE_LIMIT, keys.limit(bucket.name), interval, bucket.burst, wanted, held, block
        )
        return answer
