"""What loops share that run now, when woken, or after a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from bot.domain.errors import StoreError

log = structlog.get_logger()

LONGEST_BACKOFF = 10.0  # seconds (guess)


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
            log.error("store.failed", loop=self.loop, **self.fields, reason=str(error))
        self.failures += 1
        return min(0.1 * 2.0 ** min(self.failures, 16), LONGEST_BACKOFF)

    def answered(self) -> None:
        if self.failures:
            log.info("store.recovered", loop=self.loop, **self.fields)
        self.failures = 0
