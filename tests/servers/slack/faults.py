"""What goes wrong on request: faults that match calls, and rate limits that count them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

Kind = Literal[
    "error",          # `ok: false` with `error`, nothing is done
    "taken_error",    # the call is carried out, then answered `ok: false` with `error`
    "ratelimited",    # 429 with Retry-After
    "status",         # this HTTP status with a body that is not JSON, nothing is done
    "taken_status",   # carried out, then this HTTP status
    "drop_before",    # the connection is cut, nothing is done
    "drop_after",     # carried out, then the connection is cut
    "slow_before",    # carried out `seconds` late
    "slow_after",     # carried out at once, answered `seconds` late
]  # fmt: skip


@dataclass
class Fault:
    """One thing that goes wrong with calls that match; used `times` times (None: always).

    `method` is a pattern (`chat.*`). `skip` lets so many matching calls through first.
    `chance` with `seed` makes it random yet repeatable. `match` looks for a text in the arguments.
    """

    kind: Kind
    method: str = "*"
    team: str | None = None
    channel: str | None = None
    error: str = "internal_error"
    status: int = 500
    seconds: float = 1.0
    retry_after: int = 1
    times: int | None = 1
    skip: int = 0
    chance: float = 1.0
    seed: int = 0
    match: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    used: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def takes(self, method: str, team: str, args: dict[str, Any]) -> bool:
        """Whether this call is hit; counts it if so."""
        if not self._matches(method, team, args):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._random.random() >= self.chance:
            return False
        self.used += 1
        return True

    def _matches(self, method: str, team: str, args: dict[str, Any]) -> bool:
        return (
            (self.times is None or self.used < self.times)
            and fnmatchcase(method, self.method)
            and self.team in {None, team}
            and self.channel in {None, args.get("channel")}
            and (not self.match or self.match in str(args))
        )


@dataclass
class RateLimit:
    """A token bucket: `rate` calls a second, `burst` at once, per method, team or channel."""

    rate: float
    burst: int = 1
    method: str = "chat.postMessage"
    per: Literal["method", "team", "channel"] = "channel"
    team: str | None = None
    channel: str | None = None
    refused: int = 0
    allowed: int = 0

    def __post_init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, method: str, team: str, args: dict[str, Any], now: float) -> int:
        """Whole seconds until this call is allowed; 0 takes a token."""
        if not fnmatchcase(method, self.method) or self.team not in {None, team}:
            return 0
        channel = str(args.get("channel", ""))
        if self.channel not in {None, channel}:
            return 0
        key = {"method": method, "team": f"{method}/{team}", "channel": f"{team}/{channel}"}[
            self.per
        ]
        tokens, at = self._buckets.get(key, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - at) * self.rate)
        if tokens >= 1:
            self._buckets[key] = (tokens - 1, now)
            self.allowed += 1
            return 0
        self._buckets[key] = (tokens, now)
        self.refused += 1
        return max(1, math.ceil((1 - tokens) / self.rate))


@dataclass
class Faults:
    """All faults and limits of one server."""

    clock: Callable[[], float]
    faults: list[Fault] = field(default_factory=list)
    limits: list[RateLimit] = field(default_factory=list)
    delay: float = 0.0

    def hit(self, method: str, team: str, args: dict[str, Any]) -> Fault | None:
        for fault in self.faults:
            if fault.takes(method, team, args):
                return fault
        now = self.clock()
        for limit in self.limits:
            if seconds := limit.wait(method, team, args, now):
                return Fault("ratelimited", retry_after=seconds)
        return None
