"""Learns how much a workspace takes, from what Slack refuses; or takes the operator's number.

Slack publishes no number for messages in a workspace ("several hundred a minute" is hearsay), so
nothing is limited until it says that it was too much. From then on what went through in a second
is the limit: lowered when it refuses again, raised while it does not, forgotten in the end. One
refusal at the start of a burst tells nothing about a rate: then the limit is a generous guess.

Slack gives the same answer where one channel had its message a second, and now and then for no
reason that is seen. What follows tells which it was: a workspace that has had enough refuses
everything (`is_enough`).

A burst begins with `AT_FIRST` calls (or `FEW`, where there are no more), or with as many as ever
went through within a second, and goes on once most of them went through: what is refused is what
was in flight when the first refusal came back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.messenger import Bucket

# Refusals of calls that were in flight at the same time are one lesson.
LESSON_SECONDS = 2.0
LEARNED, LOWER = 0.95, 0.7
RAISE_SECONDS, RAISE = 10.0, 1.15
FORGET_SECONDS = 300.0
# What a first refusal teaches at least, in messages a second (a guess: 600 a minute). Where that
# is too much Slack refuses again, and the rate goes down to the least.
FIRST_RATE, LEAST_RATE = 10.0, 0.5

# Calls of a burst before anything is known, and how many of them have to go through (guesses: a
# workspace that takes 50 messages a second refuses 25).
AT_FIRST, PROOF = 75, 60
# Where there are no more than these, all are sent at once: most workspaces then have everything
# after one round trip, and those that refuse some are done no later (a guess).
FEW = 100
# After so many seconds without a call the next one begins a new burst.
PAUSE_SECONDS = 10.0
# Calls in flight: what keeps the connections busy at this many messages a second, which is more
# than one process sends. More would only open connections (measured by `make bench`).
FASTEST = 10_000.0
FEWEST_AT_ONCE, MOST_AT_ONCE = 24, 512
MOST_KNOWN = 10_000  # limits remembered at a time; those that were never refused are forgotten
# The last answers, and how many of them are refusals where a workspace has had enough. Where its
# limit is known, fewer: a rate that is a tenth too high is refused one time in ten.
FEW_ANSWERS, ANSWERS, REFUSALS = 8, 50, 4


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
    went: int = 0
    refused: int = 0
    quickest: float = 1.0  # seconds that a call took


@dataclass(slots=True)
class _Count:
    """Calls that went through within one second of the clock and the one before."""

    second: int
    here: int = 0
    before: int = 0


@dataclass(slots=True)
class _Known:
    """The limit with one name, as it is remembered."""

    burst: _Burst
    count: _Count
    most: int = AT_FIRST  # calls that went through within a second, since it last had enough
    limit: _Limit | None = None
    answers: tuple[bool, ...] = ()  # the last ones; True: refused


class SlackRateLimits:
    """`monotonic` gives seconds; `fixed` is the limit that the operator knows, if any."""

    def __init__(self, monotonic: Callable[[], float], fixed: float | None = None) -> None:
        self._monotonic = monotonic
        self._fixed = fixed
        self._known: dict[str, _Known] = {}

    def buckets(self, name: str, *, fixed: bool) -> tuple[Bucket, ...]:
        """Return the limit called `name`, if any. `fixed`: the operator's number is about it."""
        if self._fixed is not None and fixed:
            return (Bucket(name, self._fixed, burst=max(1, int(self._fixed))),)
        known = self._known.get(name)
        if known is None or known.limit is None:
            return ()
        limit, now = known.limit, self._monotonic()
        if now - limit.lowered_at > FORGET_SECONDS:
            known.limit = None
            return ()
        if now - limit.raised_at > RAISE_SECONDS:
            limit.rate *= RAISE
            limit.raised_at = now
        # Evenly spread: what a burst may be is not known, and was just too much.
        return (Bucket(name, limit.rate, burst=max(1, int(limit.rate / 10))),)

    def at_once(self, name: str, ready: int) -> int:
        """Return how many calls in flight are worth while, of so many that are to be made."""
        at_first = AT_FIRST if ready > FEW else FEW
        known = self._known.get(name)
        if known is None:
            return at_first
        if known.limit is not None or self._fixed is not None:
            return MOST_AT_ONCE  # the limit gives each its time
        burst = known.burst
        first = min(MOST_AT_ONCE, max(at_first, known.most))
        if self._monotonic() - burst.last > PAUSE_SECONDS:
            return first
        worth = int(min(MOST_AT_ONCE, max(FEWEST_AT_ONCE, FASTEST * burst.quickest)))
        if burst.went >= PROOF:
            return worth
        return min(worth, max(1, first - burst.went - burst.refused))

    def began(self, name: str) -> float:
        """Note a call that begins; returns the moment."""
        now = self._monotonic()
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known = {name: one for name, one in self._known.items() if one.limit}
            self._known[name] = _Known(_Burst(now, now), _Count(int(now)))
        elif now - known.burst.last > PAUSE_SECONDS:
            known.burst = _Burst(now, now)
        else:
            known.burst.last = now
        return now

    def went(self, name: str, began: float) -> None:
        """Count a call that went through."""
        now = self._monotonic()
        known = self._known.get(name)
        if known is None:
            return  # forgotten meanwhile
        if known.answers:
            known.answers = (*known.answers, False)[-ANSWERS:]
        known.burst.went += 1
        known.burst.quickest = min(known.burst.quickest, now - began)
        count, second = known.count, int(now)
        if count.second != second:
            count.before = count.here if count.second == second - 1 else 0
            count.second, count.here = second, 0
        count.here += 1
        known.most = max(known.most, count.here)

    def is_enough(self, name: str) -> bool:
        """Note a refusal; returns whether the workspace has had enough, and not one channel."""
        if name not in self._known:
            self.began(name)
        known = self._known[name]
        known.burst.refused += 1
        # Before the first refusal all went through, as far as there were any.
        before = known.answers or (False,) * min(ANSWERS - 1, known.burst.went)
        known.answers = (*before, True)[-ANSWERS:]
        lately = known.answers if known.limit else known.answers[-FEW_ANSWERS:]
        if sum(lately) < min(REFUSALS, len(lately) / 2):
            return False
        if sum(lately) > 1:  # one alone says when to go on, and nothing of a rate
            self._learn(known)
        return True

    def _learn(self, known: _Known) -> None:
        now, limit, count = self._monotonic(), known.limit, known.count
        known.most = AT_FIRST
        if limit is not None and now - limit.lowered_at < LESSON_SECONDS:
            return
        if limit is not None:
            rate = max(LEAST_RATE, limit.rate * LOWER)
        else:
            # All of a burst that is younger than a second; else the better of the last two.
            is_young = now - known.burst.start < 1 and count.second == int(now)
            lately = count.here + count.before if is_young else max(count.here, count.before)
            rate = max(FIRST_RATE, LEARNED * lately)
        known.limit = _Limit(rate, lowered_at=now, raised_at=now)
