"""Rate limits of Discord's REST API, learned from its answers, and a breaker for refused requests.

https://docs.discord.com/developers/topics/rate-limits. All times are seconds of a monotonic clock.
Nobody waits longer than they can afford: a turn that comes later is `RateLimited` with its time,
and nothing was sent.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from bot.delivery.stores import Permit
from bot.domain.errors import RateLimited, StoreError
from bot.messenger import Bucket

log = structlog.get_logger()

# Of the whole bot: 50 in any second; the rate and what may come at once stay below together.
REQUESTS_PER_SECOND: Final = 46.0
AT_ONCE: Final = 3
# An address that gets 10,000 of these within ten minutes is banned for an hour; half stops us.
INVALID: Final = frozenset({401, 403, 429})
MOST_INVALID: Final = 5_000
WINDOW_SECONDS: Final = 600.0
# After a refused token; then one request may find out whether it is accepted again. A guess.
REFUSED_SECONDS: Final = 600.0
# Requests at once in a bucket whose answers name no limit: a guess.
_UNNAMED_LIMIT: Final = 50
_MOST_WINDOWS: Final = 20_000
# How far the end of one window may seem to move, by the network's delay: a guess.
_JITTER_SECONDS: Final = 0.25


@dataclass(slots=True)
class LimitWindow:
    """One bucket's present window. Before its first answer one request at a time may go."""

    limit: int = 1
    remaining: int = 1  # requests that may still be begun in this window
    resets_at: float = 0.0
    in_flight: int = 0
    order: asyncio.Lock = field(default_factory=asyncio.Lock)  # first come, first served
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def wait(self, now: float) -> float | None:
        """Return the seconds until a request may go; None: when one in flight is answered."""
        if now >= self.resets_at:
            self.remaining = self.limit - self.in_flight
        if self.remaining > 0:
            return 0.0
        return self.resets_at - now if now < self.resets_at else None

    def read(self, headers: Mapping[str, str], now: float, *, accepted: bool) -> None:
        """Learn from an answer's headers."""
        try:
            limit = int(headers["X-RateLimit-Limit"])
            remaining = int(headers["X-RateLimit-Remaining"])
            reset_after = float(headers["X-RateLimit-Reset-After"])
        except (KeyError, ValueError):
            if accepted and self.resets_at == 0.0:
                self.limit = _UNNAMED_LIMIT
            return
        resets_at = now + reset_after
        is_new = now >= self.resets_at or resets_at > self.resets_at + _JITTER_SECONDS
        if is_new or limit != self.limit:
            self.remaining = limit - self.in_flight
        # Others in flight may not be counted yet in what this answer says.
        self.limit, self.remaining = limit, min(self.remaining, remaining)
        self.resets_at = resets_at

    async def room(self, monotonic: Callable[[], float], late: float) -> None:
        """Return when a request may go.

        Raises:
            RateLimited: not before `late`.
        """
        while (wait := self.wait(now := monotonic())) != 0:
            if wait is not None and now + wait > late:
                raise RateLimited("the limit of this route", retry_after=wait)
            self.changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self.changed.wait()

    @property
    def is_idle(self) -> bool:
        return self.in_flight == 0 and not self.order.locked()


class RestRateLimiter:
    """Lets each request go when its bucket and the bot's own limit allow it.

    Buckets belong to a route and its major parameters (channel, guild, webhook). Which routes
    share one is learned from X-RateLimit-Bucket. `rate`: requests a second of the whole bot,
    a limit that the core knows as `bot_bucket`; None: no such limit.
    """

    def __init__(self, monotonic: Callable[[], float], rate: float | None, bot_bucket: str) -> None:
        self._monotonic = monotonic
        self._bot_bucket = bot_bucket
        self._rate = rate
        self._next_turn = 0.0
        self._buckets: dict[str, str] = {}  # route → the bucket that Discord named for it
        self._windows: OrderedDict[str, LimitWindow] = OrderedDict()

    @asynccontextmanager
    async def slot(self, route: str, major: str, patience: float) -> AsyncIterator[LimitWindow]:
        """Hold a place in the bucket of a route during one request.

        Raises:
            RateLimited: the turn comes later than in `patience` seconds.
        """
        window = self._window(route, major)
        late = self._monotonic() + patience
        try:
            async with asyncio.timeout(patience), window.order:
                await window.room(self._monotonic, late)
                window.remaining -= 1
                window.in_flight += 1
        except TimeoutError:
            wait = max(window.resets_at - self._monotonic(), 1.0)
            raise RateLimited("others wait for the same limit", retry_after=wait) from None
        try:
            # Last, so that no turn is spent on waiting for a bucket.
            if (wait := self._take_turn(late)) > 0:
                await asyncio.sleep(wait)
            yield window
        finally:
            window.in_flight -= 1
            window.changed.set()

    def learn(
        self, route: str, major: str, window: LimitWindow, headers: Mapping[str, str]
    ) -> None:
        """Note which bucket an answer names for its route."""
        bucket = headers.get("X-RateLimit-Bucket")
        if bucket and self._buckets.get(route) != bucket:
            self._buckets[route] = bucket
            self._windows.setdefault(f"{bucket} {major}", window)

    def block(self, seconds: float) -> None:
        """Let nothing go for so long: the bot's own limit was exceeded."""
        self._next_turn = max(self._next_turn, self._monotonic() + seconds)

    def _take_turn(self, late: float) -> float:
        """Return the seconds until it is this request's turn by the bot's own limit."""
        now = self._monotonic()
        turn = max(self._next_turn, now - AT_ONCE / self._rate) if self._rate else self._next_turn
        if turn > late:
            raise RateLimited(
                "the bot's own limit", retry_after=self._next_turn - now, bucket=self._bot_bucket
            )
        self._next_turn = turn + 1 / self._rate if self._rate else turn
        return max(0.0, turn - now)

    def _window(self, route: str, major: str) -> LimitWindow:
        key = f"{self._buckets.get(route, route)} {major}"
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= _MOST_WINDOWS:
                now = self._monotonic()
                for name, old in list(self._windows.items()):
                    if old.is_idle and old.resets_at <= now:
                        del self._windows[name]
            window = self._windows[key] = LimitWindow()
        return window


class SharedLimits(Protocol):
    """Limits shared with all replicas; see `bot.delivery.queue.RateLimiter`."""

    async def acquire(self, buckets: Sequence[Bucket]) -> Permit: ...


class CircuitBreaker:
    """Counts refused requests, here and for all replicas; says how long nothing may be sent.

    `bot_bucket` names the bot's limit, `most` is how many may be refused within the window.
    """

    def __init__(
        self, monotonic: Callable[[], float], bot_bucket: str, most: int = MOST_INVALID
    ) -> None:
        self._monotonic = monotonic
        self._most = most
        self._invalid: deque[float] = deque()
        self._open_until = 0.0
        self.reason = ""
        # Half at once and half as they are forgotten: together no more than one process may.
        half = most / 2
        self._bucket = Bucket(f"{bot_bucket}/invalid", half / WINDOW_SECONDS, burst=int(half))
        self.shared: SharedLimits | None = None  # None: there are no other replicas

    async def count(self) -> bool:
        """Count a refused request. Returns whether this one opened the breaker."""
        now = self._monotonic()
        self._invalid.append(now)
        while self._invalid[0] <= now - WINDOW_SECONDS:
            self._invalid.popleft()
        too_many = len(self._invalid) >= self._most and self.wait() <= 0
        if self.shared is not None:
            try:
                permit = await self.shared.acquire([self._bucket])
            except StoreError as error:
                log.debug("discord.refusal_not_shared", reason=str(error))
            else:
                too_many = too_many or permit.at is not None
        # Half of them are older than the window by then, if they came evenly.
        return too_many and self.open("too many of my requests were refused", WINDOW_SECONDS / 2)

    def open(self, reason: str, seconds: float = REFUSED_SECONDS) -> bool:
        """Let nothing be sent for so long. Returns whether it was closed before."""
        was_closed = self.wait() <= 0
        self._open_until = self._monotonic() + seconds
        self.reason = reason
        return was_closed

    def wait(self) -> float:
        """Return the seconds until something may be sent; 0: now."""
        return max(0.0, self._open_until - self._monotonic())
