"""Limits how often one client, known by its address, may ask."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_CLIENTS = 2_000  # whose rate is remembered; the longest silent are forgotten


@dataclass(slots=True)
class ClientRate:
    """A token bucket for each client: `burst` at once, then `rate` a second.

    In this process alone: it protects the process, not a shared resource.
    """

    rate: float
    burst: int
    clock: Callable[[], float]  # seconds, monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, client: str) -> int:
        """Take one token. Returns the seconds to wait where none is left, else 0."""
        now = self.clock()
        tokens, at = self._buckets.pop(client, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - at) * self.rate)
        if tokens >= 1:
            self._buckets[client] = (tokens - 1, now)
        else:
            self._buckets[client] = (tokens, now)
        while len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if tokens >= 1 else max(1, round((1 - tokens) / self.rate + 0.5))
