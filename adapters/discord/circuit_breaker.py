"""Two brakes for all requests of one process: Discord's global rate, and a breaker.

Discord bans an address for an hour that gets 10,000 answers of 401, 403 or 429 within 10 minutes
(https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit). Half of that stops
us. Time is given as seconds of a monotonic clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

BAN_THRESHOLD: Final = 10_000
OURS: Final = BAN_THRESHOLD // 2
WINDOW: Final = 600.0
# After a refused token; then one call may find out whether it is accepted again.
REFUSED_FOR: Final = 600.0
INVALID: Final = frozenset({401, 403, 429})


class CircuitBreaker:
    """Counts invalid answers; tells how long nothing may be sent."""

    def __init__(self, monotonic: Callable[[], float], most: int = OURS) -> None:
        self._monotonic = monotonic
        self._most = most
        self._invalid: deque[float] = deque()
        self._stopped_until = 0.0
        self.reason = ""

    def count(self, status: int, *, shared: bool = False) -> bool:
        """Note an answer. Returns whether this one is what opened the breaker.

        `shared`: a 429 caused by others, which Discord does not count.
        """
        if status not in INVALID or shared:
            return False
        now = self._monotonic()
        self._invalid.append(now)
        self._forget(now)
        if len(self._invalid) < self._most or self.wait() > 0:
            return False
        # Half of them are forgotten by then, if they came evenly.
        return self.stop("too many of my requests were refused", WINDOW / 2)

    def stop(self, reason: str, seconds: float = REFUSED_FOR) -> bool:
        """Send nothing for so long. Returns whether that is news."""
        event = self.wait() <= 0
        self._stopped_until = self._monotonic() + seconds
        self.reason = reason
        return event

    def wait(self) -> float:
        """Seconds until something may be sent; 0 when it may be sent now."""
        return max(0.0, self._stopped_until - self._monotonic())

    def _forget(self, now: float) -> None:
        while self._invalid and self._invalid[0] <= now - WINDOW:
            self._invalid.popleft()


class RequestGate:
    """Lets requests pass at `rate` a second, `burst` at once; None: as they come."""

    def __init__(self, monotonic: Callable[[], float], rate: float | None, burst: int = 3) -> None:
        self._monotonic = monotonic
        self._rate = rate
        self._burst = burst
        self._next = 0.0

    async def __call__(self) -> None:
        """Return when it is this request's turn; in the order of asking."""
        if self._rate is None:
            return
        now = self._monotonic()
        turn = max(self._next, now - self._burst / self._rate)
        self._next = turn + 1 / self._rate
        if turn > now:
            await asyncio.sleep(turn - now)
