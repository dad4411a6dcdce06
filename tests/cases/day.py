"""A day with an outage: a page that changes, the engine that reads it, and a person who asks.

day = Day()
outage = day.page.open("Login fails", {CLAUDE_AI: "major_outage"})
day.passes(minutes=2)                  # the page is read once a minute
await day.says("is the api down?")     # what a channel is answered, as plain text
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.providers.statuspage import parse_history, parse_summary, with_history
from bot.commands import Answer, Commands, Request, Services
from bot.domain.incident import Incident
from bot.domain.state import State
from bot.engine.step import step
from bot.ports import VersionedState
from bot.status.service import StatusService
from bot.status.snapshot import SharedSnapshot
from bot.status.view import StatusView
from tests.servers.statuspage import Page
from tests.unit.commands.fakes import OPS, Past, Reminders, Reports, Speaker, Subscriptions, Threads
from tests.unit.messages.examples import CLAUDE, spoken


@dataclass
class Kept:
    """What the engine wrote: its state, and every incident as it stood last."""

    state: State | None = None
    incidents: dict[str, Incident] = field(default_factory=dict)

    async def load(self, provider: str) -> VersionedState:
        return VersionedState(self.state if provider == "claude" else None, 1)

    async def incident(self, key: str) -> Incident | None:
        return self.incidents.get(key)

    async def history(self, provider: str, since: datetime) -> list[Incident]:
        mine = [one for one in self.incidents.values() if one.provider == provider]
        return [one for one in mine if one.is_open or (one.ended_at or since) >= since]


class Day:
    """Claude's page from `start` on, read once before anything happens."""

    def __init__(self, start: datetime = datetime(2026, 6, 3, 14, 0, tzinfo=UTC)) -> None:
        self.now = start
        self.page = Page(lambda: self.now)
        self.kept = Kept()
        self.reports = Reports()
        self.subscriptions = Subscriptions()
        # The parts of the stores that are used.
        self.status = StatusService(
            CLAUDE,
            self.kept,
            SharedSnapshot(self.kept, None, lambda: self.now),
            lambda: self.now,
            Past(),
        )
        self.commands = Commands(
            Services(
                status=self.status,
                subscriptions=self.subscriptions,
                threads=Threads(),
                messengers={"slack": Speaker()},  # type: ignore[dict-item]
                reports=self.reports,
                reminders=Reminders(),  # type: ignore[arg-type]
                rng=random.Random(1),
            )
        )
        self.passes(minutes=1)

    def passes(self, minutes: int) -> None:
        """Time goes on, and the page is read every minute."""
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            self.look()

    def look(self) -> None:
        summary = parse_summary(json.dumps(self.page.summary()), "claude")
        snapshot = with_history(summary, parse_history(json.dumps(self.page.history())))
        self.kept.state, changed = step(self.kept.state, snapshot, self.now, CLAUDE)
        for incident in changed:
            self.kept.incidents[incident.key] = incident

    async def asks(self, text: str) -> Answer:
        return await self.commands.answer(Request(OPS, "U1", "Ana", text, True))

    async def says(self, text: str) -> str:
        return spoken((await self.asks(text)).message)

    async def view(self) -> StatusView:
        return await self.status.view()
