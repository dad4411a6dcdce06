"""One process of several on one Redis: serves until it is killed.

    python -m bench.member --sink URL --redis URL --holder NAME [--dies-after N]

Prints a line once it serves. `--dies-after`: it kills itself once it sent so many roots. Who takes
the name of a dead one takes over what that one had claimed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import time

import structlog
import uvloop

from adapters.redis.store import end_claims, open_store
from bench.fanout import messenger, now
from bot.catalog.catalog_file import load_catalog
from bot.delivery.cache import IncidentCache, MessageCache
from bot.delivery.context import DeliveryContext
from bot.delivery.fanout import FanOut
from bot.delivery.platform_health import PlatformHealth
from bot.delivery.worker import Worker
from bot.runtime import spare_the_collector


async def serve(sink: str, redis: str, holder: str, dies_after: int) -> None:
    workers: list[Worker] = []

    def queued() -> None:
        for worker in workers:
            worker.wake()

    async with messenger(sink, None) as slack, open_store(redis, queued=queued, holder=holder) as s:
        await end_claims(s.database, ["claude"], holder)
        incidents = IncidentCache(s.incident_store)
        context = DeliveryContext(
            slack,
            s.queue,
            s.rate_limiter,
            incidents,
            MessageCache(load_catalog()),
            now,
            random.Random(1),
            PlatformHealth(time.monotonic),
        )
        workers.append(Worker(context))
        fanout = FanOut("claude", s.incident_store, s.stream, incidents, now)

        async def die() -> None:
            while not dies_after or context.counts.opened < dies_after:  # noqa: ASYNC110 (from outside)
                await asyncio.sleep(0.001)
            os.kill(os.getpid(), signal.SIGKILL)

        print("serves", flush=True)
        await asyncio.gather(workers[0].run(), fanout.run(), die())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sink", required=True)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--holder", required=True)
    parser.add_argument("--dies-after", type=int, default=0)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    spare_the_collector()
    uvloop.run(serve(given.sink, given.redis, given.holder, given.dies_after))


if __name__ == "__main__":
    main()
