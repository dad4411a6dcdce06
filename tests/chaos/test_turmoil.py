"""Some random schedules; `make chaos` runs them by the thousand."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from tests.chaos.turmoil import AT_ONCE, endure
from tests.servers.redis import standalone

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "1")) * 16


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with standalone("--databases", "1000") as node:
        yield node.url


@pytest.mark.chaos
async def test_two_replicas_in_hard_times_lose_and_double_nothing(redis_url: str) -> None:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(seed: int) -> str:
        async with turn:
            return await endure(seed, f"{redis_url}?db={seed % 1000}")

    found = await asyncio.gather(*(one(seed) for seed in range(ROUNDS)))
    assert not [wrong for wrong in found if wrong]
