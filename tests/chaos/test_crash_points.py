"""A crash at every I/O step in turn: each call to the platform, each round trip to Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.chaos.ledger import Ledger
from tests.chaos.story import Death, Story
from tests.servers.chat import ChatServer
from tests.servers.redis import standalone

TOGETHER = 24
NEVER = 10**9


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with standalone("--databases", "1000") as node:
        yield node.url


@pytest.mark.chaos
async def test_a_crash_at_any_step_loses_doubles_and_disorders_nothing(redis_url: str) -> None:
    async with ChatServer() as server:
        whole = Death(at=NEVER)
        ledger = Ledger()
        await Story("whole", f"{redis_url}?db=1", server).tell(whole, ledger)
        assert ledger.is_clean
        turn = asyncio.Semaphore(TOGETHER)
        died: set[str] = set()

        async def die_at(step: int) -> None:
            async with turn:
                death, found = Death(at=step), Ledger()
                story = Story(f"d{step}", f"{redis_url}?db={step + 1}", server)
                await story.tell(death, found)
                assert found.is_clean, f"died at step {step}, {death.steps[-1]}: {found}"
                died.add(death.steps[-1])

        # Some more than a quiet run has: polls vary.
        await asyncio.gather(*(die_at(step) for step in range(1, len(whole.steps) + 10)))

    assert {"after messenger.open_thread", "after messenger.reply", "before redis.settle"} <= died
