"""Serves the channels of one platform: claims those that are stale, many at a time.

One worker a platform, so that one platform never delays another. While nothing is to be done it
waits until it is woken (`wake`), until something falls due, or for `POLL` seconds, in case
another process queued something.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from functools import partial

import structlog

from bot.delivery.attempt import Attempt
from bot.delivery.context import DeliveryContext, DeliveryCounts
from bot.delivery.queue import Claim, Outcome, Settlement
from bot.domain.errors import StoreError
from bot.loops.periodic import StoreBackoff, wait_for

log = structlog.get_logger()

# Measured by `make bench`, but for those called a guess.
SLOTS = 1024  # channels served at the same time
# One tenant may take so much of them: a workspace that is stuck leaves room for the others (guess).
TENANT_SHARE = 0.875
ROOM = 0.25  # claim in batches: not before so much of the slots is free
POLL = 1.0  # seconds (guess)
# Seconds that a channel beyond its tenant's share is put off: while its tenant's attempts end,
# and while none does (guesses).
CROWDED, STUCK = (0.02, 0.1), (1.0, 3.0)
FLOWING = 2.0  # seconds since one of them ended, or the first began (guess)
MOST_REMEMBERED = 10_000  # channels


class Worker:
    """`run` it until `stop`."""

    def __init__(self, context: DeliveryContext, *, slots: int = SLOTS) -> None:
        self.context = context
        self._platform = context.messenger.platform
        self._slots = slots
        self._attempts: set[asyncio.Task[None]] = set()
        self._postponements: set[asyncio.Task[None]] = set()
        self._attempts_of: Counter[str] = Counter()  # by tenant
        self._ended_at: dict[str, float] = {}  # by tenant, monotonic
        self._wake = asyncio.Event()
        self._slot_freed = asyncio.Event()
        self._backoff = StoreBackoff("worker", {"platform": self._platform})

    @property
    def counts(self) -> DeliveryCounts:
        """The counts since the start."""
        return self.context.counts

    @property
    def attempts(self) -> frozenset[asyncio.Task[None]]:
        """The attempts in flight."""
        return frozenset(self._attempts)

    def wake(self) -> None:
        """Something was queued: claim now."""
        self._wake.set()

    async def run(self) -> None:
        """Serve until `stop`."""
        while not self.context.stopping:
            self._wake.clear()
            if len(self._attempts) > self._slots * (1 - ROOM):
                self._slot_freed.clear()
                # Where none is freed for long, a tenant is stuck: the others have what is left.
                if await wait_for(self._slot_freed, POLL) or len(self._attempts) >= self._slots:
                    continue
            try:
                wait = await self.claim()
                self._backoff.answered()
            except StoreError as error:
                wait = self._backoff.failed(error)
            if wait > 0:
                await wait_for(self._wake, wait)

    async def stop(self, patience: float) -> None:
        """Finish the calls in flight, within so many seconds; the rest stays queued."""
        self.context.stopping = True
        self._wake.set()
        self._slot_freed.set()
        left = set(self._attempts)
        if left:
            _, late = await asyncio.wait(left, timeout=patience)
            for attempt in late:
                attempt.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            log.info("worker.stopped", platform=self._platform, unfinished=len(late))

    async def claim(self) -> float:
        """Claim once, and begin what was claimed.

        Returns the seconds until the next claim, if nobody wakes us.

        Raises:
            StoreError: the store did not answer.
        """
        free = self._slots - len(self._attempts)
        rationed = self.context.messenger.rationed
        found = await self.context.queue.claim(self._platform, free, notes_sends=rationed)
        before = len(self._attempts)
        for claim in found.claims:
            owner = claim.channel.owner
            if self._attempts_of[owner] >= self._slots * TENANT_SHARE:
                postponement = asyncio.create_task(self._postpone(claim))
                self._postponements.add(postponement)
                postponement.add_done_callback(self._postponements.discard)
                continue
            attempt = asyncio.create_task(Attempt(self.context, claim).run())
            self._attempts_of[owner] += 1
            self._ended_at.setdefault(owner, time.monotonic())
            self._attempts.add(attempt)
            attempt.add_done_callback(partial(self._ended, owner=owner))
        if found.more:
            # Without an attempt all that was ready was put aside: go on with what comes next.
            return 0.0 if len(self._attempts) > before else 0.01
        return POLL if found.next_due is None else min(POLL, found.next_due)

    def _ended(self, attempt: asyncio.Task[None], owner: str) -> None:
        """Free the slot of an attempt, and claim what was queued for its channel meanwhile."""
        self._attempts.discard(attempt)
        self._attempts_of[owner] -= 1
        self._ended_at[owner] = time.monotonic()
        if not self._attempts_of[owner]:
            del self._attempts_of[owner], self._ended_at[owner]
        self._slot_freed.set()
        self._wake.set()
        if not attempt.cancelled() and (error := attempt.exception()):
            # A fault of ours: the claim ends by itself, and the next attempt searches first.
            log.error("delivery.broken", platform=self._platform, exc_info=error)
        if len(self.context.next_send_at) > MOST_REMEMBERED:
            self.context.next_send_at.clear()  # the platform's own limits still hold

    async def _postpone(self, claim: Claim) -> None:
        """Give a claim back whose tenant has its share of the slots already."""
        flowing = time.monotonic() - self._ended_at.get(claim.channel.owner, 0.0) < FLOWING
        delay = self.context.rng.uniform(*(CROWDED if flowing else STUCK))
        try:
            await self.context.queue.settle(Settlement(claim, Outcome.LATER, delay=delay))
        except StoreError:
            return  # the claim ends by itself
