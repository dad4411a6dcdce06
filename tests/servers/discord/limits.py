"""Rate limits: buckets per route and major parameter, one global, all in headers.

https://discord.com/developers/docs/topics/rate-limits
"""

import hashlib
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

MAJOR: Final = ("channel_id", "guild_id", "webhook_id", "webhook_token")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests in how many seconds."""

    messages: tuple[int, float] = (5, 5.0)
    others: tuple[int, float] = (50, 1.0)
    everything: tuple[int, float] = (50, 1.0)
    crossposts: tuple[int, float] = (10, 3600.0)
    old_edits: tuple[int, float] = (3, 6.0)
    published_edits: tuple[int, float] = (3, 3600.0)


FAITHFUL: Final = Limits()
GENEROUS: Final = Limits(messages=(1000, 1.0), others=(1000, 1.0), everything=(100_000, 1.0))


@dataclass(slots=True)
class Verdict:
    """What a bucket says to one request."""

    headers: dict[str, str]
    retry_after: float | None = None
    is_global: bool = False


@dataclass(slots=True)
class Window:
    """A sliding window: at most `count` requests within `seconds`."""

    count: int
    seconds: float
    taken: deque[float] = field(default_factory=deque)

    def ask(self, now: float) -> float | None:
        """Take a place and return None, or return the seconds until there is one."""
        while self.taken and self.taken[0] <= now - self.seconds:
            self.taken.popleft()
        if len(self.taken) >= self.count:
            return self.taken[0] + self.seconds - now
        self.taken.append(now)
        return None

    @property
    def left(self) -> int:
        return self.count - len(self.taken)


class Buckets:
    """All buckets of this bot, on the monotonic clock."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._windows: dict[str, Window] = {}
        self._everything = Window(*limits.everything)

    def ask(self, method: str, route: str, params: dict[str, str], *, free: bool) -> Verdict:
        """Return the verdict on a request; `free` ones do not count globally."""
        now = time.monotonic()
        if not free and (wait := self._everything.ask(now)) is not None:
            return Verdict({"X-RateLimit-Global": "true"}, wait, is_global=True)
        is_send = method == "POST" and route == "/channels/{channel_id}/messages"
        rate = self.limits.messages if is_send else self.limits.others
        bucket = hashlib.md5(f"{method} {route}".encode(), usedforsecurity=False).hexdigest()
        key = ":".join([bucket, *(params.get(name, "") for name in MAJOR)])
        window = self.window(key, rate)
        wait = window.ask(now)
        reset = (window.taken[0] + window.seconds - now) if window.taken else 0.0
        headers = {
            "X-RateLimit-Limit": str(window.count),
            "X-RateLimit-Remaining": str(window.left if wait is None else 0),
            "X-RateLimit-Reset": f"{time.time() + reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": bucket,
        }
        return Verdict(headers, wait)

    def window(self, key: str, rate: tuple[int, float]) -> Window:
        """Return the window of this name, made on first use."""
        if key not in self._windows:
            self._windows[key] = Window(*rate)
        return self._windows[key]
