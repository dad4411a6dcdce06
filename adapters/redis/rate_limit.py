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
from bot.delivery.stores import Permit
from bot.domain.errors import StoreError
from bot.messenger import Bucket

LINGER = 0.002  # seconds that a question waits for others about the same limit
# ms: the patient are granted nothing beyond it, so that what is urgent waits no longer (guess).
HORIZON = 2_000


@dataclass(slots=True)
class _Round:
    """Those who ask about one limit at about the same time."""

    bucket: Bucket
    wanted: list[asyncio.Future[Permit]] = field(default_factory=list)
    held: list[asyncio.Future[Permit]] = field(default_factory=list)
    patient: list[asyncio.Future[Permit]] = field(default_factory=list)

    @property
    def everyone(self) -> list[asyncio.Future[Permit]]:
        return [*self.wanted, *self.held, *self.patient]


class RedisRateLimiter:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._rounds: dict[str, _Round] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def acquire(
        self, buckets: Sequence[Bucket], *, granted: bool = False, patient: bool = False
    ) -> Permit:
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
            kind = round_.held if granted else round_.patient if patient else round_.wanted
            kind.append(answers[-1])
        permits = await asyncio.gather(*answers)
        return Permit(
            max((one.at for one in permits if one.at is not None), default=None),
            max(one.ask_again_in for one in permits) if permits else 0.0,
        )

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
            wanted, held, patient = round_.wanted, round_.held, round_.patient
            interval = 1000 / round_.bucket.rate
            answer = await self._run(round_.bucket, len(wanted), len(held), 0, len(patient))
            now, blocked, first, granted, again = (float(part) for part in answer)
            # The held follow the wanted only where the limit was blocked since they were granted.
            asked = [*wanted, *(held if blocked else ()), *patient[: int(granted)]]
            found = {}
            for number, one in enumerate(asked):
                at = first + number * interval
                found[one] = Permit(at if at > now else None)
            for number, one in enumerate(patient[int(granted) :]):
                found[one] = Permit(ask_again_in=(again + number * interval - now) / 1000)
            for one in round_.everyone:
                if not one.done():  # else it was given up meanwhile
                    one.set_result(found.get(one, Permit()))
        except StoreError as error:
            for one in round_.everyone:
                if not one.done():
                    one.set_exception(error)
        finally:  # closed in the middle: nobody waits for ever
            for one in round_.everyone:
                one.cancel()

    async def _run(
        self, bucket: Bucket, wanted: int, held: int, block: float, patient: int = 0
    ) -> list[bytes]:
        limit = (keys.limit(bucket.name), 1000 / bucket.rate, bucket.burst)
        answer: list[bytes] = await self._database.run(
            RATE_LIMIT, *limit, wanted, held, block, patient, HORIZON
        )
        return answer
