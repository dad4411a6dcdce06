"""Faults that a test orders: which requests they hit, what they do, how often."""

import random
import re
from dataclasses import dataclass
from typing import Literal

What = Literal["error", "ratelimit", "drop_before", "drop_after", "slow", "html", "cloudflare"]


@dataclass(slots=True)
class Fault:
    """One fault.

    what: `error` answers status and code without doing anything; `error_after` is
        `error` with `after=True`: the request was carried out, the answer is the error;
        `ratelimit` is a 429 of `scope`; `drop_before`/`drop_after` cut the connection
        before/after the request was carried out; `slow` waits `seconds` first (or, with
        `after`, between doing and answering); `html` is a 5xx of a proxy; `cloudflare`
        a 429 without Via.
    method, path: regular expressions that the whole request must match.
    times: how many requests it hits, None for all until it is taken away.
    skip: how many matching requests pass before it begins.
    chance: how likely it hits a matching request, drawn from `seed`.
    """

    what: What
    method: str = ".*"
    path: str = ".*"
    times: int | None = 1
    skip: int = 0
    status: int = 500
    code: int = 0
    scope: Literal["user", "global", "shared"] = "user"
    retry_after: float = 1.0
    header_retry_after: float | None = None
    seconds: float = 0.0
    after: bool = False
    chance: float = 1.0
    seed: int = 0
    hits: int = 0
    _rng: random.Random | None = None

    def matches(self, method: str, path: str) -> bool:
        return bool(re.fullmatch(self.method, method) and re.fullmatch(self.path, path))

    def take(self) -> bool:
        """Return whether it strikes now, and count it."""
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.chance < 1.0:
            self._rng = self._rng or random.Random(self.seed)
            if self._rng.random() >= self.chance:
                return False
        self.hits += 1
        return True


class Faults:
    """The faults in force, asked in the order in which they were given."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        self.rules.append(fault)
        return fault

    def clear(self) -> None:
        self.rules.clear()

    def striking(self, method: str, path: str) -> Fault | None:
        for rule in self.rules:
            if rule.matches(method, path) and rule.take():
                return rule
        return None
