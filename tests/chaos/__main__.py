"""Random schedules for as long as wanted: python -m tests.chaos --minutes 10 [--seed N]."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time

import structlog

from tests.chaos.turmoil import AT_ONCE, endure
from tests.servers.redis import standalone


async def main(minutes: float, seed: int, redis: str) -> int:
    end = time.monotonic() + minutes * 60
    turn, done, wrong = asyncio.Semaphore(AT_ONCE), 0, 0

    async def one(number: int) -> None:
        nonlocal done, wrong
        found = await endure(seed + number, f"{redis}?db={number % 1000}")
        done += 1
        wrong += bool(found)
        turn.release()
        if found or done % 50 == 0:
            print(found or f"{done} schedules, {wrong} went wrong", flush=True)  # noqa: T201

    async with asyncio.TaskGroup() as running:
        number = 0
        while time.monotonic() < end:
            await turn.acquire()
            running.create_task(one(number))
            number += 1
    print(f"{done} schedules from seed {seed} on, {wrong} went wrong")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(f"seed {given.seed}")  # noqa: T201
    with standalone("--databases", "1000") as node:
        sys.exit(asyncio.run(main(given.minutes, given.seed, node.url)))
