"""Serves the channels of one platform: claims those that are behind, many at a time.

One courier a platform, so that one platform never holds up another. It sleeps while nothing is
to be done, until it is woken (`wake`), until something falls due, or for `POLL` seconds, in case
another process queued something.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import structlog

from bot.delivery.attempt import Attempt
from bot.delivery.context import DeliveryContext, DeliveryCounts
from bot.delivery.queue import Claim, Outcome, Settlement
from bot.domain.errors import StoreError

log = structlog.get_logger()

SLOTS = 1024  # channels served at the same time
# One tenant may take so much of them: a workspace that is stuck leaves room for the others.
TENANT_SHARE = 0.875
# Claim in batches: not before so much of the slots is free.
ROOM = 0.25
POLL = 1.0
LONGEST_BACKOFF = 10.0
# Seconds that a channel beyond its tenant's share is put off: while its tenant's visits end,
# and while none does.
CROWDED, STUCK = (0.02, 0.1), (1.0, 3.0)
FLOWING = 2.0  # since one of them ended, or the first began
MOST_REMEMBERED = 10_000


class Worker:
    def __init__(self, tools: DeliveryContext, *, slots: int = SLOTS) -> None:
        self._tools = tools
        self._slots = slots
        self._visits: set[asyncio.Task[None]] = set()
        self._putting_off: set[asyncio.Task[None]] = set()
        self._tenants: Counter[str] = Counter()
        self._ended_at: dict[str, float] = {}  # by tenant, monotonic
        self._wake = asyncio.Event()
        self._freed = asyncio.Event()
        self._trouble = 0

    @property
    def counts(self) -> DeliveryCounts:
        """What was done since the start."""
        return self._tools.counts

    @property
    def visits(self) -> frozenset[asyncio.Task[None]]:
        """What is in flight."""
        return frozenset(self._visits)

    def wake(self) -> None:
        """Something was queued: look now."""
        self._wake.set()

    async def run(self) -> None:
        """Serve until `stop`."""
        while not self._tools.stopping:
            self._wake.clear()
            wait = await self._claim_some()
            if wait > 0:
                await self._wait(self._wake, wait)

    async def stop(self, patience: float) -> None:
        """Finish the calls in flight, within so many seconds; the rest stays queued."""
        self._tools.stopping = True
        self._wake.set()
        self._freed.set()
        left = set(self._visits)
        if left:
            _, late = await asyncio.wait(left, timeout=patience)
            for visit in late:
                visit.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            log.info("courier.stopped", platform=self._platform, unfinished=len(late))

    async def _claim_some(self) -> float:
        """Claim once. Returns the seconds until the next look, if nobody wakes us."""
        free = self._slots - len(self._visits)
        if not self._has_room:
            self._freed.clear()
            await self._wait(self._freed, POLL)
            return 0.0
        try:
            found = await self._tools.queue.claim(self._platform, free)
        except StoreError as error:
            return self._store_failed(error)
        self._store_answered()
        before = len(self._visits)
        for claim in found.claims:
            self._start(claim)
        if found.more:
            # Without a claim all that was ready was put aside: it goes on with what comes next.
            return 0.0 if len(self._visits) > before else 0.01
        return POLL if found.next_due is None else min(POLL, found.next_due)

    def _start(self, claim: Claim) -> None:
        owner = claim.channel.owner
        if self._tenants[owner] >= self._slots * TENANT_SHARE:
            put_off = asyncio.create_task(self._put_off(claim))
            self._putting_off.add(put_off)
            put_off.add_done_callback(self._putting_off.discard)
            return
        visit = asyncio.create_task(Attempt(self._tools, claim).run())
        self._tenants[owner] += 1
        self._ended_at.setdefault(owner, time.monotonic())
        self._visits.add(visit)
        visit.add_done_callback(lambda task: self._ended(task, owner))

    def _ended(self, visit: asyncio.Task[None], owner: str) -> None:
        self._visits.discard(visit)
        self._tenants[owner] -= 1
        self._ended_at[owner] = time.monotonic()
        if not self._tenants[owner]:
            del self._tenants[owner], self._ended_at[owner]
        self._freed.set()
        # What was queued for this channel meanwhile could not be claimed: look for it at once.
        self._wake.set()
        if not visit.cancelled() and (error := visit.exception()):
            # A fault of ours: the claim ends by itself, and the next visit looks first.
            log.error("delivery.broken", platform=self._platform, exc_info=error)
        if len(self._tools.quiet_until) > MOST_REMEMBERED:
            self._tools.quiet_until.clear()  # the platform's own limits still hold

    async def _put_off(self, claim: Claim) -> None:
        flowing = time.monotonic() - self._ended_at.get(claim.channel.owner, 0.0) < FLOWING
        delay = self._tools.rng.uniform(*(CROWDED if flowing else STUCK))
        try:
            await self._tools.queue.settle(Settlement(claim, Outcome.LATER, delay=delay))
        except StoreError:
            return  # the claim ends by itself

    def _store_failed(self, error: StoreError) -> float:
        if not self._trouble:
            log.error("courier.store_failed", platform=self._platform, reason=str(error))
        self._trouble += 1
        return min(0.1 * 2.0 ** min(self._trouble, 16), LONGEST_BACKOFF)

    def _store_answered(self) -> None:
        if self._trouble:
            log.info("courier.store_recovered", platform=self._platform)
        self._trouble = 0

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return

    @property
    def _has_room(self) -> bool:
        return self._slots - len(self._visits) >= self._slots * ROOM

    @property
    def _platform(self) -> str:
        return self._tools.messenger.platform
