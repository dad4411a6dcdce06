"""How much a workspace takes: known beforehand, or learned from what Slack refuses.

Slack publishes no number for messages in a workspace ("several hundred a minute" is hearsay), so
nothing is held back until it says that it was too much. From then on what went through in a
second is the limit: lowered when it refuses again, raised while it does not, forgotten in the end.

A burst begins gently and doubles its pace twenty times a second: what is refused is what was sent
before the first refusal came back, and that is a handful instead of hundreds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log2

from bot.ports import Bucket

NOBODY: tuple[Bucket, ...] = ()
# Refusals of calls that were under way at the same time are one lesson.
LESSON_SECONDS = 2.0
LEARNED, LOWER = 0.95, 0.7
RAISE_SECONDS, RAISE = 10.0, 1.15
FORGET_SECONDS = 300.0
LEAST_RATE = 0.5

# The first call of a burst goes at once, the nth after DOUBLING * log2(1 + n / GENTLE) seconds.
DOUBLING, GENTLE = 0.05, 30.0
GENTLY = 512
# After so many quiet seconds the next call begins a new burst.
PAUSE_SECONDS = 10.0


@dataclass(slots=True)
class _Known:
    """What was learned of one limit. `since`: when it was last lowered."""

    rate: float
    since: float
    buckets: tuple[Bucket, ...]
    raised: float


@dataclass(slots=True)
class _Burst:
    start: float
    last: float
    calls: int = 0


class SlackRateLimits:
    """`monotonic` gives seconds; `fixed` is the limit that the operator knows, if any."""

    def __init__(self, monotonic: Callable[[], float], fixed: float | None = None) -> None:
        self._monotonic = monotonic
        self._fixed = fixed
        self._known: dict[str, _Known] = {}
        self._given: dict[str, tuple[Bucket, ...]] = {}
        self._went: dict[str, list[int]] = {}
        self._bursts: dict[str, _Burst] = {}

    def buckets(self, name: str, *, fixed: bool) -> tuple[Bucket, ...]:
        """The limit called `name`, if there is one. `fixed`: the operator's number is about it."""
        if self._fixed is not None and fixed:
            if (given := self._given.get(name)) is None:
                given = self._given[name] = _bucket(name, self._fixed)
            return given
        known = self._known.get(name)
        return NOBODY if known is None else self._present(name, known)

    def wait(self, name: str) -> float:
        """Seconds that this call waits for its turn in a burst that has just begun."""
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
        """One call went through."""
        second = int(self._monotonic())
        count = self._went.get(name)
        if count is None:
            self._went[name] = [second, 1, 0]
        elif count[0] == second:
            count[1] += 1
        else:
            count[2] = count[1] if count[0] == second - 1 else 0
            count[0], count[1] = second, 1

    def refused(self, name: str) -> None:
        """Slack said that it was too much."""
        now = self._monotonic()
        known = self._known.get(name)
        if known is None:
            rate = max(LEAST_RATE, LEARNED * self._lately(name, now))
        elif now - known.since < LESSON_SECONDS:
            return
        else:
            rate = max(LEAST_RATE, known.rate * LOWER)
        self._known[name] = _Known(rate, now, _learned(name, rate), now)

    def _lately(self, name: str, now: float) -> int:
        """How many calls went through within about a second."""
        second, here, before = self._went.get(name, (0, 0, 0))
        burst = self._bursts.get(name)
        if burst is not None and now - burst.start < 1 and second == int(now):
            return here + before  # all of a burst that is younger than that
        return max(here, before)

    def _present(self, name: str, known: _Known) -> tuple[Bucket, ...]:
        now = self._monotonic()
        if now - known.since > FORGET_SECONDS:
            del self._known[name]
            return NOBODY
        if now - known.raised > RAISE_SECONDS:
            known.rate *= RAISE
            known.raised = now
            known.buckets = _learned(name, known.rate)
        return known.buckets


def _bucket(name: str, rate: float) -> tuple[Bucket, ...]:
    return (Bucket(name, rate, burst=max(1, int(rate))),)


def _learned(name: str, rate: float) -> tuple[Bucket, ...]:
    """Evenly spread: what a burst may be is not known, and was just too much."""
    return (Bucket(name, rate, burst=max(1, int(rate / 10))),)
