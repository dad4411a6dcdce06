"""Serves the channels of one platform: claims those that are stale, many at a time.

One worker a platform, so that one platform never delays another. While nothing is to be done it
waits until it is woken (`wake`), until something falls due, or for `POLL` seconds, in case
another process queued something.

Claims of a tenant stand in its line, which as many runners serve as calls at one time are worth
while there (`Messenger.at_once`): a task, and a connection, a runner and not a message.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque

import structlog

from bot.delivery.attempt import Attempt
from bot.delivery.context import DeliveryContext, DeliveryCounts
from bot.delivery.queue import Claim, Outcome, Settlement
from bot.domain.errors import StoreError
from bot.loops.periodic import StoreBackoff, wait_for

log = structlog.get_logger()

# Measured by `make bench`, but for those called a guess.
SLOTS = 1024  # channels claimed at the same time
# One tenant may take so much of them: a workspace that is stuck leaves room for the others (guess).
TENANT_SHARE = 0.875
# So many are claimed ahead of those that are served: after a crash each may have to be searched.
AHEAD = 256
# A tenant's runners are doubled so often, from these: each opens a connection, which costs as much
# as three messages, and the first message would go out after all of them.
STARTED_TOGETHER, START_SECONDS = 8, 0.005
POLL = 1.0  # seconds (guess)
# Seconds that a channel is put off: of a tenant beyond its share, and of one that is stuck
# (guesses).
CROWDED, STUCK = (0.02, 0.1), (1.0, 3.0)
TOGETHER = 0.02  # seconds: what ends or falls due within it is followed by one claim
FLOWING = 2.0  # seconds since one of a tenant's attempts ended, or the first began (guess)
MOST_REMEMBERED = 10_000  # channels


class Worker:
    """`run` it until `stop`."""

    def __init__(self, context: DeliveryContext, *, slots: int = SLOTS) -> None:
        self.context = context
        self._platform = context.messenger.platform
        self._slots = slots
        self._runners: set[asyncio.Task[None]] = set()
        self._postponements: set[asyncio.Task[None]] = set()
        # By tenant: claims that wait for a runner, runners, and claims in all.
        self._lines: dict[str, deque[Claim]] = {}
        self._running: Counter[str] = Counter()
        self._starting: set[str] = set()  # tenants for which more runners start soon
        self._held: Counter[str] = Counter()
        self._held_by_all = 0
        self._ended_at: dict[str, float] = {}  # by tenant, monotonic
        self._wake = asyncio.Event()
        self._waking: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._backoff = StoreBackoff("worker", {"platform": self._platform})

    @property
    def counts(self) -> DeliveryCounts:
        """The counts since the start."""
        return self.context.counts

    @property
    def attempts(self) -> frozenset[asyncio.Task[None]]:
        """The runners of attempts in flight."""
        return frozenset(self._runners)

    def wake(self) -> None:
        """Something was queued: claim now."""
        self._wake.set()

    async def run(self) -> None:
        """Serve until `stop`."""
        while not self.context.stopping:
            self._wake.clear()
            self._give_back_what_is_stuck()
            free = self._free()
            if free < min(AHEAD, self._slots) // 2:
                self._room.clear()
                if await wait_for(self._room, POLL):
                    continue
                # Nothing moves for long: whoever is not stuck has what is left.
                free = self._slots - self._held_by_all
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
        left = set(self._runners)
        if left:
            _, late = await asyncio.wait(left, timeout=patience)
            for runner in late:
                runner.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            log.info("worker.stopped", platform=self._platform, unfinished=len(late))

    async def claim(self, free: int) -> float:
        """Claim up to `free` channels, and begin with them.

        Returns the seconds until the next claim, if nobody wakes us.

        Raises:
            StoreError: the store did not answer.
        """
        rationed = self.context.messenger.rationed
        found = await self.context.queue.claim(self._platform, free, notes_sends=rationed)
        before = self._held_by_all
        widths: dict[str, int] = {}
        for claim in found.claims:
            owner = claim.channel.owner
            if (width := widths.get(owner)) is None:
                width = widths[owner] = self.context.messenger.at_once(claim.channel)
            is_stuck = self._running[owner] >= width and not self._flows(owner)
            if is_stuck or self._held[owner] >= self._slots * TENANT_SHARE:
                self._postpone(claim, CROWDED if self._flows(owner) else STUCK)
                continue
            self._held[owner] += 1
            self._held_by_all += 1
            self._ended_at.setdefault(owner, time.monotonic())
            self._lines.setdefault(owner, deque()).append(claim)
        for owner in widths:
            self._start_runners(owner)
        if found.more:
            # Where all that was ready was put off: go on with what comes next.
            return 0.0 if self._held_by_all > before else 0.01
        return POLL if found.next_due is None else min(POLL, max(TOGETHER, found.next_due))

    def _free(self) -> int:
        """Return how many more may be claimed: for the slots, and ahead of the runners."""
        ahead = self._held_by_all - len(self._runners)
        return min(self._slots - self._held_by_all, AHEAD - ahead)

    # --- serving a tenant's line ------------------------------------------------------------

    def _start_runners(self, owner: str) -> None:
        """Start as many as its line needs and as are worth while; some now, the others soon."""
        line = self._lines.get(owner)
        if not line:
            return
        if owner in self._starting:
            return
        running = self._running[owner]
        missing = min(len(line), self.context.messenger.at_once(line[0].channel) - running)
        together = max(STARTED_TOGETHER, running)
        if missing > together:
            self._starting.add(owner)
            asyncio.get_running_loop().call_later(START_SECONDS, self._start_more, owner)
        for _ in range(min(missing, together)):
            self._running[owner] += 1
            runner = asyncio.create_task(self._serve(owner))
            self._runners.add(runner)
            runner.add_done_callback(self._runners.discard)

    def _start_more(self, owner: str) -> None:
        self._starting.discard(owner)
        self._start_runners(owner)

    async def _serve(self, owner: str) -> None:
        """Serve the tenant's line for as long as this runner is worth while."""
        context = self.context
        try:
            while line := self._lines.get(owner):
                width = context.messenger.at_once(line[0].channel)
                if self._running[owner] > width and not context.stopping:
                    break
                claim = line.popleft()
                if not line:
                    del self._lines[owner]
                elif self._running[owner] < width:  # more are worth while than when it began
                    self._start_runners(owner)
                # Its lease may not last for one call: begun now, it would end unsettled.
                if claim.deadline - time.monotonic() < context.send_seconds:
                    self._postpone(claim, CROWDED, held=True)
                    continue
                try:
                    await Attempt(context, claim).run()
                except Exception:
                    # A fault of ours: the claim ends by itself, and the next attempt searches
                    # first.
                    log.exception("delivery.broken", platform=self._platform)
                self._ended_at[owner] = time.monotonic()
                self._release(owner)
        finally:
            self._running[owner] -= 1
            if not self._running[owner]:
                del self._running[owner]

    def _release(self, owner: str) -> None:
        """Free the slot of a claim; what was queued for its channel meanwhile is claimed soon."""
        self._held[owner] -= 1
        self._held_by_all -= 1
        if not self._held[owner]:
            del self._held[owner], self._ended_at[owner]
        if self._waking is None:
            self._waking = asyncio.get_running_loop().call_later(TOGETHER, self._claim_soon)
        if self._free() >= min(AHEAD, self._slots) // 2:
            self._room.set()
        if len(self.context.next_send_at) > MOST_REMEMBERED:
            self.context.next_send_at.clear()  # the platform's own limits still hold

    def _claim_soon(self) -> None:
        self._waking = None
        self._wake.set()

    # --- giving back ------------------------------------------------------------------------

    def _flows(self, owner: str) -> bool:
        return time.monotonic() - self._ended_at.get(owner, 0.0) < FLOWING

    def _give_back_what_is_stuck(self) -> None:
        """Empty the lines of tenants none of whose attempts ends."""
        for owner in [owner for owner in self._lines if not self._flows(owner)]:
            for claim in self._lines.pop(owner):
                self._postpone(claim, STUCK, held=True)

    def _postpone(self, claim: Claim, seconds: tuple[float, float], *, held: bool = False) -> None:
        """Put a claim off that was not begun. `held`: it has a slot, which it leaves."""
        delay = self.context.rng.uniform(*seconds)
        giving_back = asyncio.create_task(self._settle_later(claim, delay))
        self._postponements.add(giving_back)
        giving_back.add_done_callback(self._postponements.discard)
        if held:
            self._release(claim.channel.owner)

    async def _settle_later(self, claim: Claim, delay: float) -> None:
        try:
            await self.context.queue.settle(Settlement(claim, Outcome.LATER, delay=delay))
        except StoreError:
            return  # the claim ends by itself
