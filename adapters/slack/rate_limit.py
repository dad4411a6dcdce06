"""Learns how much a workspace takes, from what Slack refuses; or takes the operator's number.

Slack publishes no number for messages in a workspace ("several hundred a minute" is hearsay), so
nothing is limited until it says that it was too much. From then on what went through in a second
is the limit: lowered when it refuses again, raised while it does not, forgotten in the end. One
refusal at the start of a burst tells nothing about a rate: then the limit is a generous guess.

A burst begins gently and doubles its speed twenty times a second: what is refused is what was sent
before the first refusal came back, and that is a handful instead of hundreds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log2

from bot.ports import Bucket

# Refusals of calls that were in flight at the same time are one lesson.
LESSON_SECONDS = 2.0
LEARNED, LOWER = 0.95, 0.7
RAISE_SECONDS, RAISE = 10.0, 1.15
FORGET_SECONDS = 300.0
# What a first refusal teaches at least, in messages a second (a guess: 600 a minute). Where that
# is too much Slack refuses again, and the rate goes down to the least.
FIRST_RATE, LEAST_RATE = 10.0, 0.5

# The first call of a burst goes at once, the nth after DOUBLING * log2(1 + n / GENTLE) seconds.
DOUBLING, GENTLE = 0.05, 30.0
GENTLY = 512
# After so many seconds without a call the next one begins a new burst.
PAUSE_SECONDS = 10.0


@dataclass(slots=True)
class _Limit:
    """A limit as Slack has let us learn it."""

    rate: float  # messages a second
    lowered_at: float
    raised_at: float


@dataclass(slots=True)
class _Burst:
    """Calls without a longer pause between them."""

    start: float
    last: float
    calls: int = 0


@dataclass(slots=True)
class _Count:
    """Calls that went through within one second of the clock and the one before."""

    second: int
    here: int = 0
    before: int = 0


class SlackRateLimits:
    """`monotonic` gives seconds; `fixed` is the limit that the operator knows, if any."""

    def __init__(self, monotonic: Callable[[], float], fixed: float | None = None) -> None:
        self._monotonic = monotonic
        self._fixed = fixed
        self._limits: dict[str, _Limit] = {}
        self._counts: dict[str, _Count] = {}
        self._bursts: dict[str, _Burst] = {}

    def buckets(self, name: str, *, fixed: bool) -> tuple[Bucket, ...]:
        """Return the limit called `name`, if any. `fixed`: the operator's number is about it."""
        if self._fixed is not None and fixed:
            return (Bucket(name, self._fixed, burst=max(1, int(self._fixed))),)
        limit = self._limits.get(name)
        if limit is None:
            return ()
        now = self._monotonic()
        if now - limit.lowered_at > FORGET_SECONDS:
            del self._limits[name]
            return ()
        if now - limit.raised_at > RAISE_SECONDS:
            limit.rate *= RAISE
            limit.raised_at = now
        # Evenly spread: what a burst may be is not known, and was just too much.
        return (Bucket(name, limit.rate, burst=max(1, int(limit.rate / 10))),)

    def wait(self, name: str) -> float:
        """Return the seconds that this call waits for its turn in a burst that has just begun."""
        now = self._monotonic()
        burst = self._bursts.get(name)
        if burst is None or now - burst.last > PAUSE_SECONDS:
            self._bursts[name] = _Burst(now, now)
            return 0.0
        burst.last = now
        burst.calls += 1
        if burst.calls > GENTLY:
            return 0.0
        return burst.start + DOUBLING * log2(1 + burst.calls / GENTLE) - now

    def went(self, name: str) -> None:
        """Count a call that went through."""
        second = int(self._monotonic())
        count = self._counts.get(name)
        if count is None:
            count = self._counts[name] = _Count(second)
        elif count.second != second:
            count.before = count.here if count.second == second - 1 else 0
            count.second, count.here = second, 0
        count.here += 1

    def refused(self, name: str) -> None:
        """Learn from Slack's saying that it was too much."""
        now = self._monotonic()
        limit = self._limits.get(name)
        if limit is not None and now - limit.lowered_at < LESSON_SECONDS:
            return
        if limit is not None:
            rate = max(LEAST_RATE, limit.rate * LOWER)
        else:
            count = self._counts.get(name, _Count(0))
            burst = self._bursts.get(name)
            # All of a burst that is younger than a second; else the better of the last two.
            is_young = burst is not None and now - burst.start < 1 and count.second == int(now)
            lately = count.here + count.before if is_young else max(count.here, count.before)
            rate = max(FIRST_RATE, LEARNED * lately)
        self._limits[name] = _Limit(rate, lowered_at=now, raised_at=now)
