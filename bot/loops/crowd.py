"""The loop that asks what the crowd says: each source at its own pace, in one process at a time.

A source that fails, or has had enough of us, is unknown: what it said last fades by its age.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from bot.diagnostics import where
from bot.domain.errors import SourceError, StoreError
from bot.evidence.elsewhere import Reading
from bot.evidence.stores import CrowdStore
from bot.loops.periodic import LONGEST_RETRY_AFTER, StoreBackoff
from bot.ports import Clock

log = structlog.get_logger()

JITTER = 0.1  # of the interval, either way
LONGEST_PAUSE = 900.0  # seconds, after failures (guess)


class CrowdSource(Protocol):
    """One place where people speak of trouble."""

    @property
    def name(self) -> str: ...

    @property
    def every(self) -> float:
        """Seconds between two questions, as the place's limits allow."""
        ...

    async def read(self, now: datetime) -> Sequence[Reading]:
        """Return the readings of this moment.

        Raises:
            SourceError: nothing is known now; `retry_after` if it asks for patience.
        """
        ...


@dataclass(slots=True)
class CrowdLoop:
    """Asks `sources` while `may_look()` (one replica watches, and only that one asks)."""

    sources: Sequence[CrowdSource]
    store: CrowdStore
    clock: Clock
    rng: random.Random
    may_look: Callable[[], bool] = lambda: True
    _backoff: StoreBackoff = field(default_factory=lambda: StoreBackoff("crowd"))

    async def run(self) -> None:
        """Ask until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for source in self.sources:
                tasks.create_task(self._follow(source))

    async def _follow(self, source: CrowdSource) -> None:
        failures = 0
        pause = 1.0  # the first question soon after the start
        while True:
            await asyncio.sleep(pause * self.rng.uniform(1 - JITTER, 1 + JITTER))
            pause = source.every
            if not self.may_look():
                continue
            try:
                await self.ask(source)
            except SourceError as error:
                if not failures:
                    log.warning("crowd.failed", source=source.name, reason=str(error))
                failures += 1
                patience = min(error.retry_after or 0.0, LONGEST_RETRY_AFTER)
                pause = max(patience, min(source.every * 2.0 ** min(failures, 8), LONGEST_PAUSE))
            except StoreError as error:
                self._backoff.failed(error)
            else:
                self._backoff.answered()
                if failures:
                    log.info("crowd.recovered", source=source.name, failures=failures)
                failures = 0

    async def ask(self, source: CrowdSource) -> None:
        """Ask one source once, and keep what it says.

        Raises:
            SourceError: it says nothing now. StoreError: the store did not answer.
        """
        try:
            readings = await source.read(self.clock())
        except SourceError:
            raise
        except Exception as error:
            # Anybody may write what a source reads: of this source alone, the others go on.
            raise SourceError(f"our own fault in reading it: {where(error)}") from error
        await self.store.keep(source.name, readings)
