"""`isclaudedown mcp`: the MCP server on standard input and output, for one agent on one machine.

Answers from a running instance where there is one, else by a poll of its own, which it remembers
for a while. It cannot write. Nothing but the protocol goes to standard output.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.cli.current import current_view
from adapters.cli.past import past_now
from adapters.web.mcp import make_server
from bot.domain.incident import Incident
from bot.history.figures import UptimeReport
from bot.ports import Clock
from bot.settings import Settings
from bot.status.service import StatusService
from bot.status.view import StatusView

# An agent asks in bursts; a page is polled no more often than a running instance would.
REMEMBERED = timedelta(seconds=30)


class OneMachine:
    """`Knowledge` of a command: what is true now, and what the page lists of the past."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._view: StatusView | None = None
        self._past: tuple[datetime, StatusService] | None = None  # when it was read

    async def view(self) -> StatusView:
        if self._view is None or self._clock() - self._view.at > REMEMBERED:
            self._view = await current_view(self._settings, self._clock)
        return self._view

    async def incident(self, name: str) -> Incident | None:
        return await (await self._read()).incident(name)

    async def incidents_of(self, length: timedelta) -> Sequence[Incident]:
        return await (await self._read()).incidents_of(length)

    async def uptime(self, surfaces: Sequence[str], length: timedelta) -> UptimeReport:
        return await (await self._read()).uptime(surfaces, length)

    async def _read(self) -> StatusService:
        now = self._clock()
        if self._past is None or now - self._past[0] > REMEMBERED:
            past, _ = await past_now(self._settings, self._clock, running_only=True)
            self._past = now, past
        return self._past[1]


async def serve(settings: Settings, clock: Clock, rng: random.Random) -> None:
    """Serve until standard input ends."""
    await make_server(OneMachine(settings, clock), rng).run_stdio_async()
