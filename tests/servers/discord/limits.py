"""Rate limits: buckets per route and major parameter, one global, all in headers.

https://discord.com/developers/docs/topics/rate-limits
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Final

MAJOR: Final = ("channel_id", "guild_id", "webhook_id", "webhook_token")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests in how many seconds."""

    messages: tuple[int, float] = (5, 5.0)
    # No documentation names them; bots see windows of minutes here, for each channel.
    threads: tuple[int, float] = (50, 300.0)
    thread_changes: tuple[int, float] = (10, 60.0)
    others: tuple[int, float] = (50, 1.0)
    everything: tuple[int, float] = (50, 1.0)
    crossposts: tuple[int, float] = (10, 3600.0)
    old_edits: tuple[int, float] = (3, 6.0)
    published_edits: tuple[int, float] = (3, 3600.0)


FAITHFUL: Final = Limits()
# Plenty at once, in windows as long as Discord's: a window's length alone must delay nothing.
GENEROUS: Final = Limits(
    messages=(1000, 60.0),
    threads=(1000, 300.0),
    thread_changes=(1000, 60.0),
    others=(1000, 1.0),
    everything=(100_000, 1.0),
)
_THREADS: Final = (
    "/channels/{channel_id}/messages/{message_id}/threads",
    "/channels/{channel_id}/threads",
)


@dataclass(slots=True)
class Verdict:
    """What a bucket says to one request."""

    headers: dict[str, str]
    retry_after: float | None = None
    is_global: bool = False


@dataclass(slots=True)
class Window:
    """At most `count` requests within `seconds`, from the first one on."""

    count: int
    seconds: float
    taken: int = 0
    resets_at: float = 0.0

    def ask(self, now: float) -> float | None:
        """Take a place and return None, or return the seconds until there is one."""
        if now >= self.resets_at:
            self.taken, self.resets_at = 0, now + self.seconds
        if self.taken >= self.count:
            return self.resets_at - now
        self.taken += 1
        return None

    @property
    def left(self) -> int:
        return self.count - self.taken


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
        rate = self.limits.others
        if method == "POST" and route == "/channels/{channel_id}/messages":
            rate = self.limits.messages
        elif method == "POST" and route in _THREADS:
            rate = self.limits.threads
        elif method == "PATCH" and route == "/channels/{channel_id}":
            rate = self.limits.thread_changes
        bucket = hashlib.md5(f"{method} {route}".encode(), usedforsecurity=False).hexdigest()
        key = ":".join([bucket, *(params.get(name, "") for name in MAJOR)])
        window = self.window(key, rate)
        wait = window.ask(now)
        reset = window.resets_at - now
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
