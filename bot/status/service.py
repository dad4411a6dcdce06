"""Everything that is known now, for whoever asks: verdicts with all their evidence, and advice.

One place for commands, the HTTP API, scripts and those who wait for a surface to be back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.evidence import Evidence, Verdict
from bot.domain.incident import Incident
from bot.domain.state import State
from bot.domain.subscription import Channel
from bot.engine.backfill import BackfillStore
from bot.evidence.scoreboard import Scoreboard, scoreboard
from bot.evidence.sources import Collector
from bot.ports import Clock, IncidentStore
from bot.status.advice import Advice, advise, outlook
from bot.status.duration import ExpectedDuration, expected_duration
from bot.status.verdict import verdicts

# What may serve in place of what. Models stand in for one another; a surface only where people
# can do the same thing there.
INSTEAD = {"claude.ai": ("api", "code"), "code": ("claude.ai", "api"), "cowork": ("claude.ai",)}
HISTORY = timedelta(days=180)
SCORED = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class StatusView:
    """What is known at one moment. `past` holds what ended lately too (see `State.incidents`)."""

    now: datetime
    verdicts: tuple[Verdict, ...]
    incidents: tuple[Incident, ...]
    states: tuple[State, ...]

    def verdict(self, surface: str) -> Verdict | None:
        return next((v for v in self.verdicts if v.surface == surface), None)

    @property
    def running(self) -> list[Incident]:
        return [i for i in self.incidents if i.is_open and not i.withdrawn]

    def about(self, surface: str) -> list[Incident]:
        return [i for i in self.running if surface in i.surfaces]


@dataclass(slots=True)
class StatusService:
    """`witness` None: nothing but the pages is known."""

    catalog: Catalog
    incident_store: IncidentStore
    collector: Collector | None
    clock: Clock
    past: BackfillStore | None = None

    async def look(self, channel: Channel | None = None) -> StatusView:
        """See everything now; with a channel, as an answer given there may quote it.

        Raises:
            StoreError: Redis did not answer (as from every method here).
        """
        now = self.clock()
        others: Sequence[Evidence] = ()
        if self.collector is not None:
            others = await self.collector.for_channel(channel, now)
        states = [
            state
            for provider in self.catalog.providers
            if (state := (await self.incident_store.load(provider)).state)
        ]
        for state in states:
            seen = {id_: component.name for id_, component in state.components.items()}
            self.catalog = self.catalog.seen(state.provider, seen)
        return StatusView(
            now,
            tuple(v for state in states for v in verdicts(state, self.catalog, now, others)),
            tuple(i for state in states for i in state.incidents.values()),
            tuple(states),
        )

    async def verdict(self, surface: str) -> Verdict | None:
        """As for everybody; None: there is no such surface, or its page was never read."""
        return (await self.look()).verdict(surface)

    def advice(self, sight: StatusView, surface: str, draw: float) -> Advice | None:
        """What to do about a surface; `draw` is a random number from 0 to 1 for the jitter."""
        verdict = sight.verdict(surface)
        if verdict is None:
            return None
        others = {
            other: found for other in self._instead(surface) if (found := sight.verdict(other))
        }
        return advise(verdict, outlook(surface, sight.incidents), others, sight.now, draw)

    def _instead(self, surface: str) -> list[str]:
        about = self.catalog.surface(surface)
        if about is None:
            return []
        if not about.model:
            return list(INSTEAD.get(surface, ()))
        return [
            other.id
            for other in self.catalog.surfaces()
            if other.model and other.provider == about.provider and other.id != surface
        ]

    async def expected_duration(self, incident: Incident) -> ExpectedDuration | None:
        """From the provider's own past; None where that says too little."""
        now = self.clock()
        seen = await self.incident_store.history(incident.provider, now - HISTORY)
        told = await self.past.get(incident.provider) if self.past else []
        known = {name for one in seen for name in (one.id, *one.aliases)}
        return expected_duration(incident, [*seen, *(i for i in told if i.id not in known)], now)

    async def scoreboard(self) -> Scoreboard:
        since = self.clock() - SCORED
        return scoreboard(
            [
                i
                for name in self.catalog.providers
                for i in await self.incident_store.history(name, since)
            ]
        )
