"""Removes what is stored of workspaces that left, a while after nothing can be sent there any more.

A workspace left when the platform says that the app was removed or that its token is no longer
good, and no later try succeeds. Until then its subscriptions wait, so that installing the app
again goes on where it ended. Every replica does this: removing twice is harmless.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from adapters.redis import keys
from adapters.redis.codec import moment, ms
from adapters.redis.database import Database
from adapters.redis.forget import forget_tenant
from adapters.redis.queue import RedisQueue
from bot.domain.errors import StoreError
from bot.ports import Clock

log = structlog.get_logger()

KEPT_FOR = timedelta(days=30)  # PRIVACY.md promises it
CHECK_EVERY = 3600.0  # seconds


class Retention:
    """`run` it."""

    def __init__(self, database: Database, queue: RedisQueue) -> None:
        self._database = database
        self._queue = queue

    async def run(self, clock: Clock) -> None:
        while True:
            try:
                await self.remove_departed(clock())
            except StoreError as error:
                log.warning("retention.put_off", reason=str(error))
            await asyncio.sleep(CHECK_EVERY)

    async def remove_departed(self, now: datetime) -> None:
        """Note which workspaces left, and remove those that have been away for `KEPT_FOR`.

        Raises:
            StoreError: Redis did not answer; the next time goes on.
        """
        call = self._database.call
        for platform in await call("SMEMBERS", keys.PLATFORMS_KEY):
            name = platform.decode()
            for tenant in await self._queue.silenced(name):
                owner = f"{name}/{tenant}"
                await call("HSETNX", keys.DEPARTED_KEY, owner, ms(now))
                left_at = moment(int(await call("HGET", keys.DEPARTED_KEY, owner)))
                if now - left_at >= KEPT_FOR:
                    erased = await forget_tenant(self._database, name, tenant)
                    log.info("retention.workspace_removed", tenant=owner, erased=erased)
