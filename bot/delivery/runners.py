"""Runners: the tasks that serve the claims of a tenant, each one claim after another.

Claims of a tenant stand in its line, which as many runners serve as calls at one time are worth
while there (`Messenger.at_once`): a task, and a connection, a runner and not a message. A runner
goes on with the next claim while what it sent is being recorded; a claim has its slot until then.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence

import structlog

from bot.delivery.attempt import Attempt
from bot.delivery.channel_lifecycle import announce_resumption
from bot.delivery.context import DeliveryContext
from bot.delivery.queue import Claim, Outcome, Settlement

log = structlog.get_logger()

# Measured by `make bench`, but for those called a guess.
# One tenant may take so much of the slots: a workspace that is stuck leaves room for the others
# (guess).
TENANT_SHARE = 0.875
# A tenant's runners are doubled so often, from these: each opens a connection, which costs as much
# as two messages, and the first message would go out after all of them.
STARTED_TOGETHER, START_SECONDS = 8, 0.005
# So many may be sent and not recorded yet before runners wait for that: while the store is away
# each may have to be searched for later (guess).
MOST_UNRECORDED = 256
# Seconds that a channel is put off: of a tenant beyond its share, and of one that is stuck
# (guesses).
CROWDED, STUCK = (0.02, 0.1), (1.0, 3.0)
FLOWING = 2.0  # seconds since one of a tenant's attempts ended, or the first began (guess)


class Runners:
    """Serves what it is given to `take`. `moved` is called when a claim leaves its line or slot."""

    def __init__(self, context: DeliveryContext, slots: int, moved: Callable[[], None]) -> None:
        self.held = 0  # claims in all: of each line, being served, being settled
        self.waiting = 0  # those in the lines
        self._context = context
        self._slots = slots
        self._moved = moved
        self._tasks: set[asyncio.Task[None]] = set()
        self._settling: set[asyncio.Future[bool]] = set()
        # By tenant: claims that wait for a runner, runners, and claims in all.
        self._lines: dict[str, deque[Claim]] = {}
        self._running: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._starting: set[str] = set()  # tenants for which more runners start soon
        self._ended_at: dict[str, float] = {}  # by tenant, monotonic

    @property
    def in_flight(self) -> frozenset[asyncio.Future[None] | asyncio.Future[bool]]:
        """The runners, and the settlements on their way."""
        return frozenset({*self._tasks, *self._settling})

    def take(self, claims: Sequence[Claim]) -> None:
        """Have these served; what is beyond a tenant's share is put off."""
        widths: dict[str, int] = {}
        for claim in claims:
            owner = claim.channel.owner
            if (width := widths.get(owner)) is None:
                width = widths[owner] = self._width(claim)
            is_stuck = self._running[owner] >= width and not self._flows(owner)
            if is_stuck or self._held[owner] >= self._slots * TENANT_SHARE:
                self._put_off(claim, CROWDED if self._flows(owner) else STUCK)
                continue
            self._held[owner] += 1
            self.held += 1
            self.waiting += 1
            self._ended_at.setdefault(owner, time.monotonic())
            self._lines.setdefault(owner, deque()).append(claim)
        for owner in widths:
            self._start(owner)

    def give_back_what_is_stuck(self) -> None:
        """Empty the lines of tenants none of whose attempts ends."""
        for owner in [owner for owner in self._lines if not self._flows(owner)]:
            line = self._lines.pop(owner)
            self.waiting -= len(line)
            for claim in line:
                self._put_off(claim, STUCK)
                self._release(owner)

    async def stop(self, patience: float) -> int:
        """Finish the calls in flight, and record them, within so many seconds.

        Returns how many were given up.
        """
        end = time.monotonic() + patience
        given_up = 0
        for ending in (self._tasks, self._settling):  # those who end settle what they sent
            if ending:
                _, late = await asyncio.wait(ending, timeout=max(0.0, end - time.monotonic()))
                for one in late:
                    one.cancel()
                await asyncio.gather(*late, return_exceptions=True)
                given_up += len(late)
        return given_up

    def _start(self, owner: str) -> None:
        """Start as many as its line needs and as are worth while; some now, the others soon."""
        line = self._lines.get(owner)
        if not line or owner in self._starting:
            return
        running = self._running[owner]
        missing = min(len(line), self._width(line[0]) - running)
        together = max(STARTED_TOGETHER, running)
        if missing > together:
            self._starting.add(owner)
            asyncio.get_running_loop().call_later(START_SECONDS, self._start_more, owner)
        for _ in range(min(missing, together)):
            self._running[owner] += 1
            runner = asyncio.create_task(self._run(owner))
            self._tasks.add(runner)
            runner.add_done_callback(self._tasks.discard)

    def _width(self, claim: Claim) -> int:
        """Return how many runners are worth while for the tenant of this claim."""
        channel = claim.channel
        # Behind what was claimed there may be any number.
        ready = self._slots if self._context.crowded else self._held[channel.owner]
        return self._context.messenger.at_once(channel, ready)

    def _start_more(self, owner: str) -> None:
        self._starting.discard(owner)
        self._start(owner)

    async def _run(self, owner: str) -> None:
        """Serve the tenant's line for as long as this runner is worth while."""
        context = self._context
        try:
            while line := self._lines.get(owner):
                width = self._width(line[0])
                if self._running[owner] > width and not context.stopping:
                    break
                claim = line.popleft()
                self.waiting -= 1
                self._moved()
                if not line:
                    del self._lines[owner]
                elif self._running[owner] < width:  # more are worth while than when it began
                    self._start(owner)
                await self._serve(claim, owner)
        finally:
            self._running[owner] -= 1
            if not self._running[owner]:
                del self._running[owner]

    async def _serve(self, claim: Claim, owner: str) -> None:
        """Bring a channel up to date, and have the claim settled."""
        context = self._context
        # Its lease may not last for one call: begun now, it would end unsettled.
        if claim.deadline - time.monotonic() < context.send_seconds:
            self._put_off(claim, CROWDED)
            self._release(owner)
            return
        try:
            settlement = await Attempt(context, claim).run()
            settling = self._settle(settlement, owner) if settlement else None
        except Exception:
            # A fault of ours: the claim ends by itself, and the next attempt searches first.
            log.exception("delivery.broken", platform=context.messenger.platform)
            settlement = settling = None
        self._ended_at[owner] = time.monotonic()
        if settlement is None or settling is None:
            self._release(owner)
            return
        if settlement.resume or len(self._settling) > MOST_UNRECORDED:
            await asyncio.wait({settling})
            failed = settling.cancelled() or settling.exception() is not None
            if settlement.resume and not failed and settling.result():
                await announce_resumption(context, claim)

    def _settle(self, settlement: Settlement, owner: str | None = None) -> asyncio.Future[bool]:
        """Have a claim settled. What fails is logged. `owner`: whose slot it leaves then."""

        def settled(settling: asyncio.Future[bool]) -> None:
            self._settling.discard(settling)
            if owner is not None:
                self._release(owner)
            if settling.cancelled():
                return
            if (error := settling.exception()) is not None:
                # The claim ends by itself, and whoever takes it next searches first.
                log.debug(
                    "delivery.unsettled", channel=str(settlement.claim.channel), reason=str(error)
                )
            elif not settling.result():
                log.info("delivery.claim_lost", channel=str(settlement.claim.channel))

        settling = self._context.queue.settle(settlement)
        self._settling.add(settling)
        settling.add_done_callback(settled)
        return settling

    def _put_off(self, claim: Claim, seconds: tuple[float, float]) -> None:
        """Give a claim back that was not begun, for some other time."""
        delay = self._context.rng.uniform(*seconds)
        self._settle(Settlement(claim, Outcome.LATER, delay=delay))

    def _release(self, owner: str) -> None:
        self._held[owner] -= 1
        self.held -= 1
        if not self._held[owner]:
            del self._held[owner]
            self._ended_at.pop(owner, None)
        self._moved()

    def _flows(self, owner: str) -> bool:
        return time.monotonic() - self._ended_at.get(owner, 0.0) < FLOWING
