"""Notices that Redis lost everything: a marker written at the first start is not there any more.
And that destinations were moved to other shards (`isclaudedown reshard`), which ends the program.

Redis then answers as well as before, the pages are watched as if for the first time, and every
channel is silent, because nobody is subscribed. That has to be said, since nothing fails.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime

import structlog

from adapters.redis import keys
from adapters.redis.codec import ms
from adapters.redis.database import Database
from bot.domain.errors import Resharded, StoreError
from bot.ports import Clock

log = structlog.get_logger()

CHECK_EVERY = 5.0  # seconds (guess)
REMEMBERED_SECONDS = 7 * 86_400  # for `doctor` (guess)
ADVICE = (
    "All subscriptions are gone: restore a backup of Redis, or have the channels subscribe again. "
    "See that it keeps its data (`appendonly yes`, a volume) and that nobody flushes it."
)


class DataMarker:
    """`run` it. `lost` is set whenever the data were lost; whoever acts on it clears it.

    `hearers` are called before that; `platforms` are those whose channels were written to.
    """

    def __init__(self, database: Database) -> None:
        self.lost = asyncio.Event()
        self.hearers: list[Callable[[], None]] = []
        self.platforms: list[str] = []
        self._database = database
        self._marker: bytes | None = None

    async def run(self, clock: Clock) -> None:
        while True:
            try:
                await self.check(clock())
            except StoreError as error:
                log.debug("store.marker_not_read", reason=str(error))
            await asyncio.sleep(CHECK_EVERY)

    async def check(self, now: datetime) -> bool:
        """Return whether the data are those that were there before; if not, say it.

        Raises:
            StoreError: Redis did not answer.
            Resharded: the destinations were moved, or are being moved, to other shards.
        """
        known, call = self._marker, self._database.call
        if await self._database.stored_shards() != str(self._database.shards.count):
            raise Resharded(
                "the destinations were moved to other shards while this ran: start it again"
            )
        await call("SET", keys.MARKER_KEY, secrets.token_hex(8), "NX")
        self._marker = await call("GET", keys.MARKER_KEY)
        if known is None or self._marker == known:
            return True
        await self._search_before_sending(now)
        at = now.isoformat(timespec="seconds")
        await call("SET", keys.LOST_KEY, at, "EX", REMEMBERED_SECONDS)
        log.error("store.data_lost", advice=ADVICE)
        for hear in self.hearers:
            hear()
        self.lost.set()
        return False

    async def _search_before_sending(self, now: datetime) -> None:
        """Note that whatever was sent until now may stand there unrecorded (see claim.lua): who
        subscribes anew while an incident runs has its root already.
        """
        for platform in self.platforms:
            for base in self._database.shards.of_platform(platform):
                lost = ("lost_since", 0, "changed_at", ms(now))
                await self._database.call("HSET", f"{base}:server", *lost)


async def lost_at(database: Database) -> datetime | None:
    """Return when the data were last found to be lost, within the last days; None: not."""
    found: bytes | None = await database.call("GET", keys.LOST_KEY)
    return datetime.fromisoformat(found.decode()) if found else None
