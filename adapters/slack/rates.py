"""How much a workspace takes: known beforehand, or learned from what Slack refuses.

Slack publishes no number for messages in a workspace ("several hundred a minute" is hearsay), so
nothing is held back until it says that it was too much. From then on what went through in a
second is the limit: halved when it refuses again, raised while it does not, forgotten in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.ports import Bucket

NOBODY: tuple[Bucket, ...] = ()
# Refusals of calls that were under way at the same time are one lesson.
LESSON_SECONDS = 2.0
RAISE_SECONDS, RAISE = 10.0, 1.25
FORGET_SECONDS = 300.0
LEAST_RATE = 0.5


@dataclass(slots=True)
class _Known:
    """What was learned of one limit. `since`: when it was last lowered."""

    rate: float
    since: float
    buckets: tuple[Bucket, ...]
    raised: float


class Rates:
    """`monotonic` gives seconds; `fixed` is the limit that the operator knows, if any."""

    def __init__(self, monotonic: Callable[[], float], fixed: float | None = None) -> None:
        self._monotonic = monotonic
        self._fixed = fixed
        self._known: dict[str, _Known] = {}
        self._given: dict[str, tuple[Bucket, ...]] = {}
        self._went: dict[str, list[int]] = {}

    def buckets(self, name: str, *, fixed: bool) -> tuple[Bucket, ...]:
        """The limit called `name`, if there is one. `fixed`: the operator's number is about it."""
        if self._fixed is not None and fixed:
            if (given := self._given.get(name)) is None:
                given = self._given[name] = _bucket(name, self._fixed)
            return given
        known = self._known.get(name)
        return NOBODY if known is None else self._present(name, known)

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
            _, here, before = self._went.get(name, (0, 0, 0))
            rate = max(LEAST_RATE, float(max(here, before)))
        elif now - known.since < LESSON_SECONDS:
            return
        else:
            rate = max(LEAST_RATE, known.rate / 2)
        self._known[name] = _Known(rate, now, _bucket(name, rate), now)

    def _present(self, name: str, known: _Known) -> tuple[Bucket, ...]:
        now = self._monotonic()
        if now - known.since > FORGET_SECONDS:
            del self._known[name]
            return NOBODY
        if now - known.raised > RAISE_SECONDS:
            known.rate *= RAISE
            known.raised = now
            known.buckets = _bucket(name, known.rate)
        return known.buckets


def _bucket(name: str, rate: float) -> tuple[Bucket, ...]:
    return (Bucket(name, rate, burst=max(1, int(rate))),)
