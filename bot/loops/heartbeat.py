"""The loop that tells a monitor outside that looking works, as healthchecks.io wants it.

A ping only after the pages were really read; silence, which the monitor notices, where this program
hangs, has no store, or does not watch. A page that fails for long is said at once (`/fail`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.domain.errors import StoreError
from bot.status.view import StatusView

log = structlog.get_logger()

# Seconds between two pings: healthchecks.io's shortest period is a minute.
INTERVAL = 60.0

# Tells the monitor: "" that all is well, or else what is not. Returns whether it was heard.
Ping = Callable[[str], Awaitable[bool]]


def trouble_of(view: StatusView) -> str | None:
    """Return what keeps us from seeing, "" if nothing does, None while that is too early to say."""
    late = [one.provider for one in view.providers if not one.is_fresh]
    if late:
        return f"cannot read the page of {', '.join(late)}"
    return None if any(one.failing_since for one in view.providers) else ""


@dataclass(slots=True)
class Heartbeat:
    """`run` it; `leads` says whether, of all replicas, this one watches."""

    ping: Ping | None  # None: nobody wants to be told
    view: Callable[[], Awaitable[StatusView]]
    leads: Callable[[], bool]
    first_polls: Sequence[asyncio.Event] = ()  # set once each page was polled, well or not
    interval: float = INTERVAL
    _heard: bool = True  # the last ping, so that a monitor out of reach is logged once

    async def run(self) -> None:
        for polled in self.first_polls:
            await polled.wait()  # before, everything known is old
        while self.ping is not None:
            await self.beat(self.ping)
            await asyncio.sleep(self.interval)

    async def beat(self, ping: Ping) -> None:
        """Ping once, if there is something to say."""
        if not self.leads():
            return
        try:
            trouble = trouble_of(await self.view())
        except StoreError:
            trouble = "the store does not answer"
        if trouble is None:
            return
        heard = await ping(trouble)
        if heard != self._heard:
            log.info("heartbeat.heard") if heard else log.warning("heartbeat.not_heard")
        self._heard = heard
