"""A crash at every I/O step in turn: each call to the platform, each round trip to Redis."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.chaos.ledger import Ledger
from tests.chaos.manners import DayEnd, Night, NobodyIsOnIt
from tests.chaos.story import Death, Story
from tests.servers.chat import ChatServer
from tests.servers.redis import standalone

TOGETHER = 24
READS = 6  # what is only read, again and again, is interrupted so often


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with standalone("--databases", "1000") as node:
        yield node.url


@pytest.mark.chaos
@pytest.mark.timeout(300)
async def test_a_crash_at_any_step_loses_doubles_and_disorders_nothing(redis_url: str) -> None:
    async with ChatServer() as server:
        alive, ledger = Death(), Ledger()
        await Story("alive", f"{redis_url}?db=0", server).tell(alive, ledger)
        assert ledger.is_clean
        turn = asyncio.Semaphore(TOGETHER)
        numbers = itertools.count(1)

        async def die(death: Death) -> None:
            async with turn:
                found, number = Ledger(), next(numbers)
                await Story(f"d{number}", f"{redis_url}?db={number}", server).tell(death, found)
                assert found.is_clean, f"died at {death.point} ({death.nth}): {found}"

        deaths = [
            Death(point, nth)
            for point, times in Counter(alive.steps).items()
            for nth in range(1, (min(times, READS) if _reads(point) else times) + 1)
        ]
        await asyncio.gather(*map(die, deaths))
        # Polls come more or less often, but each of these is died at, for sure: where one was given
        # up because everybody was busy, alone.
        missed = [d for d in deaths if not d.came.is_set() and "messenger" in d.point]
        again = [Death(d.point, d.nth) for d in missed]
        for death in again:
            await die(death)
        assert not [d for d in again if not d.came.is_set()]
    assert any(d.point == "before redis.settle" and d.came.is_set() for d in deaths)


def _reads(point: str) -> bool:
    reads = {"exists", "hget", "hmget", "hvals", "smembers", "xautoclaim", "xreadgroup"}
    reads |= {"zrangebyscore"}
    return point.rpartition(".")[2] in reads


@pytest.mark.chaos
@pytest.mark.timeout(300)
@pytest.mark.parametrize("tale", [Night, DayEnd, NobodyIsOnIt])
async def test_a_crash_at_any_step_loses_and_doubles_nothing_that_falls_due(
    redis_url: str, tale: type[Night]
) -> None:
    async with ChatServer() as server:
        alive = Death()
        assert await tale(f"{tale.__name__}0", f"{redis_url}?db=900", server).live(alive) == []
        turn = asyncio.Semaphore(TOGETHER // 4)

        async def die(number: int, death: Death) -> None:
            async with turn:
                one = tale(f"{tale.__name__}{number}", f"{redis_url}?db={900 - number}", server)
                assert await one.live(death) == []

        deaths = [
            Death(point, nth)
            for point, times in Counter(alive.steps).items()
            for nth in range(1, (min(times, READS) if _reads(point) else times) + 1)
        ]
        await asyncio.gather(*(die(number, one) for number, one in enumerate(deaths, start=1)))
    assert not [d for d in deaths if not d.came.is_set() and "messenger" in d.point]
    assert any(d.point == "before redis.settle" and d.came.is_set() for d in deaths)
