"""Settlements that go to Redis together: one script per shard, and one round trip for all shards
where Redis is one server. Workers serve hundreds of channels at once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from adapters.redis.database import Argument, Database
from adapters.redis.scripts import SETTLE

# Seconds that a settlement waits for others: nothing is sent later for that, since runners go on
# meanwhile, and one round trip costs us as much as three of them.
LINGER = 0.008
MOST_TOGETHER = 128  # settlements in one round trip
TRIES = 3


@dataclass(frozen=True, slots=True)
class _Waiting:
    base: str  # of the shard
    arguments: list[Argument]
    done: asyncio.Future[bool]


class SettlementBatch:
    """Collects settlements for a moment, then runs them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Waiting] = []
        self._flushing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, base: str, arguments: list[Argument]) -> asyncio.Future[bool]:
        """Return what the script answers: whether the claim still held.

        Raises (when awaited):
            StoreError: Redis did not answer, several times.
        """
        loop = asyncio.get_running_loop()
        one = _Waiting(base, arguments, loop.create_future())
        self._waiting.append(one)
        if len(self._waiting) >= MOST_TOGETHER:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_later(LINGER, self._flush)
        return one.done

    async def close(self) -> None:
        """Give up what is not settled yet; such claims end by themselves."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._flushing:
            task.cancel()
        await asyncio.gather(*self._flushing, return_exceptions=True)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if waiting:
            task = asyncio.create_task(self._settle(waiting))
            self._flushing.add(task)
            task.add_done_callback(self._flushing.discard)

    async def _settle(self, waiting: list[_Waiting]) -> None:
        unanswered = waiting
        try:
            # Twice does no harm: the second time the claim is over, or its lease starts again.
            for attempt in range(TRIES):
                unanswered = await self._settle_once(unanswered, last=attempt == TRIES - 1)
                if not unanswered:
                    return
                await asyncio.sleep(0.05 * (attempt + 1))
        finally:  # stopped in the middle: those who wait must not wait for ever
            for one in unanswered:
                one.done.cancel()

    async def _settle_once(self, waiting: list[_Waiting], *, last: bool) -> list[_Waiting]:
        """Answer those whose shard answered; at the last try all. Returns the others."""
        shards: dict[str, list[_Waiting]] = defaultdict(list)
        for one in waiting:
            shards[one.base].append(one)
        calls = [
            (base, [argument for one in group for argument in one.arguments])
            for base, group in shards.items()
        ]
        unanswered = []
        answers = await self._database.run_many(SETTLE, calls)
        for group, answer in zip(shards.values(), answers, strict=True):
            failed = isinstance(answer, BaseException)
            if failed and not last:
                unanswered += group
                continue
            for number, one in enumerate(group):
                if one.done.done():  # given up meanwhile
                    continue
                if failed:
                    one.done.set_exception(answer)
                else:
                    one.done.set_result(bool(answer[number]))
        return unanswered
