"""`isclaudedown mcp`: the MCP server on standard input and output, for one agent on one machine.

Answers from a running instance where there is one, else by a poll of its own, which it remembers
for a while. It cannot write. Nothing but the protocol goes to standard output.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.cli.current import current_view, past_incidents
from adapters.web.mcp import make_server
from bot.domain.incident import Incident
from bot.ports import Clock
from bot.settings import Settings
from bot.status.view import StatusView

# An agent asks in bursts; a page is polled no more often than a running instance would.
REMEMBERED = timedelta(seconds=30)
LONGEST = timedelta(days=400)  # as far back as `history` may be asked for


class OneMachine:
    """`Knowledge` of a command: what is true now, and what the page lists of the past."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._view: StatusView | None = None
        self._past: tuple[datetime, Sequence[Incident]] | None = None  # when it was read

    async def view(self) -> StatusView:
        if self._view is None or self._clock() - self._view.at > REMEMBERED:
            self._view = await current_view(self._settings, self._clock)
        return self._view

    async def incident(self, name: str) -> Incident | None:
        known = [*(await self.view()).recent, *(await self._listed())]
        return next((one for one in known if name in {one.key, one.id}), None)

    async def incidents_of(self, length: timedelta) -> Sequence[Incident]:
        listed, since = await self._listed(), self._clock() - length
        return [one for one in listed if one.ended_at is None or one.ended_at >= since]

    async def _listed(self) -> Sequence[Incident]:
        now = self._clock()
        if self._past is None or now - self._past[0] > REMEMBERED:
            self._past = now, await past_incidents(self._settings, self._clock, now - LONGEST)
        return self._past[1]


async def serve(settings: Settings, clock: Clock, rng: random.Random) -> None:
    """Serve until standard input ends."""
    await make_server(OneMachine(settings, clock), rng).run_stdio_async()
