"""Waits and back-offs of loops that run now, when woken, or after a while."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import structlog

from bot.domain.errors import SourceError, StoreError

log = structlog.get_logger()

# Seconds, guesses: while the store fails, and while a page does. Whoever asks meanwhile is told
# that the page cannot be seen, so not much longer than it may be away.
LONGEST_STORE_BACKOFF = 10.0
LONGEST_PAGE_BACKOFF = 60.0
LONGEST_RETRY_AFTER = 3600.0  # seconds: a page may ask for patience, not for silence


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Return when the event is set, or after so many seconds; whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


@dataclass(slots=True)
class StoreBackoff:
    """Growing pauses while the store fails; logged once when that begins and once when it ends."""

    loop: str  # whose it is, for the log
    fields: dict[str, str] = field(default_factory=dict)  # of its log events
    failures: int = 0  # in a row

    def failed(self, error: StoreError) -> float:
        """Return the seconds to wait before the next try."""
        if not self.failures:
            says = {"reason": str(error), "advice": error.advice}
            log.error("store.failed", loop=self.loop, **self.fields, **says)
        self.failures += 1
        return min(0.1 * 2.0 ** min(self.failures, 16), LONGEST_STORE_BACKOFF)

    def answered(self) -> None:
        if self.failures:
            log.info("store.recovered", loop=self.loop, **self.fields)
        self.failures = 0


class StoreLoop(ABC):
    """A loop over the store: looks now and then, when woken, and more seldom while that fails."""

    def __init__(self, name: str, interval: float) -> None:
        """`name` is for the log; `interval`: seconds between two looks."""
        self._interval = interval
        self._wake = asyncio.Event()
        self._backoff = StoreBackoff(name)

    def wake(self) -> None:
        """Something was committed or changed: look now."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            try:
                wait = 0.0 if await self.queue_due() else self._interval
                self._backoff.answered()
            except StoreError as error:
                wait = self._backoff.failed(error)
            await wait_for(self._wake, wait)

    @abstractmethod
    async def queue_due(self) -> bool:
        """Queue the channels that are due. Returns whether more may be due already.

        Raises:
            StoreError: the store did not answer; the rest is found at the next look.
        """


@dataclass(slots=True)
class PageBackoff:
    """Growing pauses while a page cannot be read; logged once when that begins and once after."""

    provider: str
    interval: float  # seconds between two polls while all is well
    failures: int = 0  # in a row
    retry_after: float = 0.0  # seconds that the page asked for at the last poll

    def failed(self, error: SourceError) -> float:
        """Return the pause in seconds: doubled at each failure up to a limit.

        What the page asks for (`retry_after`) comes on top: no poll is sooner than that.
        """
        if not self.failures:
            log.warning("page.failed", provider=self.provider, reason=str(error))
        longest = max(LONGEST_PAGE_BACKOFF, self.interval)
        pause = min(self.interval * 2.0 ** min(self.failures, 16), longest)
        self.failures += 1
        self.retry_after = min(error.retry_after or 0.0, LONGEST_RETRY_AFTER)
        return pause

    def answered(self) -> None:
        if self.failures:
            log.info("page.recovered", provider=self.provider, failures=self.failures)
        self.failures, self.retry_after = 0, 0.0
