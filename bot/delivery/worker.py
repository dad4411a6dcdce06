"""Serves the channels of one platform: claims those that are stale, many at a time.

One worker a platform, so that one platform never delays another. While nothing is to be done it
waits until it is woken (`wake`), until something falls due, or for `POLL` seconds, in case
another process queued something. What it claimed is served by the `Runners`.
"""

from __future__ import annotations

import asyncio

import structlog

from bot.delivery.context import DeliveryContext, DeliveryCounts
from bot.delivery.runners import Runners
from bot.domain.errors import StoreError
from bot.loops.periodic import StoreBackoff, wait_for

log = structlog.get_logger()

# Measured by `make bench`, but for those called a guess.
SLOTS = 1024  # channels claimed at the same time
# So many are claimed ahead of those that are served: after a crash each may have to be searched.
AHEAD = 256
POLL = 1.0  # seconds (guess)
TOGETHER = 0.02  # seconds: what ends or falls due within it is followed by one claim
MOST_REMEMBERED = 10_000  # channels


class Worker:
    """`run` it until `stop`."""

    def __init__(self, context: DeliveryContext, *, slots: int = SLOTS) -> None:
        self.context = context
        self._platform = context.messenger.platform
        self._slots = slots
        self._runners = Runners(context, slots, self._moved)
        self._wake = asyncio.Event()
        self._waking: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._backoff = StoreBackoff("worker", {"platform": self._platform})

    @property
    def counts(self) -> DeliveryCounts:
        """The counts since the start."""
        return self.context.counts

    @property
    def attempts(self) -> frozenset[asyncio.Future[None] | asyncio.Future[bool]]:
        """The attempts in flight."""
        return self._runners.in_flight

    def wake(self) -> None:
        """Something was queued: claim now."""
        self._wake.set()

    async def run(self) -> None:
        """Serve until `stop`."""
        while not self.context.stopping:
            self._wake.clear()
            self._runners.give_back_what_is_stuck()
            free = self._free()
            if free < min(AHEAD, self._slots) // 2:
                self._room.clear()
                if await wait_for(self._room, POLL):
                    continue
                # Nothing moves for long: whoever is not stuck has what is left.
                free = self._slots - self._runners.held
            try:
                wait = await self.claim(free) if free > 0 else POLL
                self._backoff.answered()
            except StoreError as error:
                wait = self._backoff.failed(error)
            if wait > 0:
                await wait_for(self._wake, wait)

    async def stop(self, patience: float) -> None:
        """Finish the calls in flight, within so many seconds; the rest stays queued."""
        self.context.stopping = True
        self._wake.set()
        self._room.set()
        if self.attempts:
            unfinished = await self._runners.stop(patience)
            log.info("worker.stopped", platform=self._platform, unfinished=unfinished)

    async def claim(self, free: int) -> float:
        """Claim up to `free` channels, and begin with them.

        Returns the seconds until the next claim, if nobody wakes us.

        Raises:
            StoreError: the store did not answer.
        """
        rationed = self.context.messenger.rationed
        found = await self.context.queue.claim(self._platform, free, notes_sends=rationed)
        self.context.crowded = found.more
        before = self._runners.held
        self._runners.take(found.claims)
        if found.more:
            # Where all that was ready was put off: go on with what comes next.
            return 0.0 if self._runners.held > before else 0.01
        return POLL if found.next_due is None else min(POLL, max(TOGETHER, found.next_due))

    def _free(self) -> int:
        """Return how many more may be claimed: for the slots, and ahead of the runners."""
        return min(self._slots - self._runners.held, AHEAD - self._runners.waiting)

    def _moved(self) -> None:
        """There may be room; and what was queued for the channel meanwhile is claimed soon."""
        if self._waking is None:
            self._waking = asyncio.get_running_loop().call_later(TOGETHER, self._claim_soon)
        if self._free() >= min(AHEAD, self._slots) // 2:
            self._room.set()
        if len(self.context.next_send_at) > MOST_REMEMBERED:
            self.context.next_send_at.clear()  # the platform's own limits still hold

    def _claim_soon(self) -> None:
        self._waking = None
        self._wake.set()
