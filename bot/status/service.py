"""The one way to learn what is true now, and what the past says of it.

For chats, the HTTP API, scripts and reminders. Only this module and `snapshot` load; what is
concluded is pure (`view`, `advice`, `duration`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, Self

from bot.catalog.catalog import Catalog
from bot.domain.evidence import Verdict
from bot.domain.incident import Incident
from bot.domain.subscription import Channel
from bot.evidence.collector import Collector
from bot.evidence.scoreboard import Scoreboard, scoreboard
from bot.evidence.stores import EvidenceStores
from bot.evidence.suspicion import Signals
from bot.history.figures import Record, UptimeReport, uptime_report
from bot.history.spans import Span
from bot.history.stores import HistoryReader
from bot.ports import Clock, IncidentReader, VersionedState
from bot.status.duration import ExpectedDuration, expected_duration
from bot.status.snapshot import FRESH_FOR, SharedSnapshot
from bot.status.view import StatusView, is_fresh, status_view, with_seen

HISTORY = timedelta(days=180)  # a guess: long enough for eight alike, short enough to be like now
SCORED = timedelta(days=90)
KEPT = timedelta(days=400)


class StatusStores(Protocol):
    """The stores that hold what is known."""

    @property
    def incident_store(self) -> IncidentReader: ...
    @property
    def evidence(self) -> EvidenceStores: ...
    @property
    def past(self) -> HistoryReader: ...
    @property
    def alternatives(self) -> TeamAlternatives: ...


class TeamAlternatives(Protocol):
    """What teams have said they can use instead: providers and surfaces, by the team's name.

    Every method may raise `StoreError`.
    """

    async def of(self, owner: str) -> tuple[str, ...]: ...
    async def put(self, owner: str, names: Sequence[str]) -> None: ...
    async def all(self) -> Mapping[str, tuple[str, ...]]: ...


@dataclass(frozen=True, slots=True)
class ToldIncidents:
    """A reader of incidents that leaves out what a tenant may not read of."""

    _reader: IncidentReader
    _owner: str | None

    async def load(self, provider: str) -> VersionedState:
        return await self._reader.load(provider)

    async def incident(self, key: str) -> Incident | None:
        found = await self._reader.incident(key)
        return found if found and found.is_shown_to(self._owner) else None

    async def history(self, provider: str, since: datetime) -> list[Incident]:
        found = await self._reader.history(provider, since)
        return [incident for incident in found if incident.is_shown_to(self._owner)]


@dataclass(slots=True)
class StatusService:
    """Reads stores. Every method may raise `StoreError`: Redis did not answer."""

    # Grows: a page known by its URL alone has the surfaces that were seen on it.
    catalog: Catalog
    incident_store: IncidentReader  # for the past
    snapshot: SharedSnapshot  # for the present
    clock: Clock
    past: HistoryReader | None = None  # None: nothing is known but incidents
    kept: timedelta = KEPT
    usable: tuple[str, ...] = ()  # instead, by those who have said nothing themselves
    teams: TeamAlternatives | None = None  # None: nobody can say anything
    # Leaves out of a view what its readers may not read of; see `told_to`.
    shown: Callable[[StatusView], StatusView] = lambda view: view

    @classmethod
    def over(
        cls,
        stores: StatusStores,
        people: StatusStores,
        catalog: Catalog,
        clock: Clock,
        kept: timedelta,
        usable: tuple[str, ...] = (),
    ) -> Self:
        """Open the service. The past is read over the stores `people`: connections of their own."""
        collector = Collector(stores.evidence, catalog)
        snapshot = SharedSnapshot(stores.incident_store, collector, clock, FRESH_FOR)
        past, teams = people.past, people.alternatives
        return cls(catalog, people.incident_store, snapshot, clock, past, kept, usable, teams)

    def told_to(self, owner: str | None) -> StatusService:
        """The service of one tenant ("slack/T1"); None: of anybody at all, as on a web page.

        What the people of other tenants alone suspect is not there.
        """

        def shown(view: StatusView) -> StatusView:
            return replace(view, providers=tuple(one.told_to(owner) for one in view.providers))

        return replace(self, incident_store=ToldIncidents(self.incident_store, owner), shown=shown)

    @property
    def signals(self) -> Callable[[str, datetime], Awaitable[Signals]] | None:
        """The gathering of other evidence on a provider's surfaces; None: nobody gathers any."""
        return self.snapshot.collector.gather if self.snapshot.collector else None

    async def view(
        self, channel: Channel | None = None, versions: Mapping[str, str] | None = None
    ) -> StatusView:
        """Everything now; with a channel, as an answer given there may quote it.

        `versions`: of these models (by surface) one version is asked about.
        """
        stored = await self.snapshot.get(self.catalog)
        evidence = stored.evidence(channel)
        view = status_view(self.catalog, stored.states, self.clock(), evidence, versions=versions)
        self.catalog = view.catalog
        said = await self.teams.of(channel.owner) if self.teams and channel else ()
        return self.shown(replace(view, alternatives=said or self.usable))

    async def learn(self) -> Catalog:
        """The catalogue, with the surfaces of pages that it does not describe."""
        if not all(provider.known for provider in self.catalog.providers.values()):
            stored = await self.snapshot.get(self.catalog)
            self.catalog = with_seen(self.catalog, stored.states)
        return self.catalog

    async def verdict(self, surface: str) -> Verdict | None:
        """As for everybody; None: there is no such surface."""
        return (await self.view()).verdict(surface)

    async def expected_duration(self, incident: Incident) -> ExpectedDuration | None:
        """From the provider's own past; None where that says too little."""
        now = self.clock()
        past = await self.incident_store.history(incident.provider, now - HISTORY)
        return expected_duration(incident, past, now)

    async def uptime(
        self,
        surfaces: Sequence[str] = (),
        length: timedelta = SCORED,
        *,
        end: datetime | None = None,
    ) -> UptimeReport:
        """Return how much of the time surfaces (none: all) were up, by whom and how.

        Of the last `length`, until `end` (None: until now).
        """
        states = (await self.snapshot.get(self.catalog)).states
        self.catalog = with_seen(self.catalog, states)
        now = self.clock()
        end = end or now
        start = max(end - length, now - self.kept)
        found = UptimeReport(start, end, ())
        for name, provider in self.catalog.providers.items():
            asked = [s.id for s in provider.surfaces if not surfaces or s.id in surfaces]
            state = states.get(name)
            if not asked:
                continue
            # Where nobody watches it, nothing is known since its last poll.
            unwatched = state is not None and not is_fresh(state, now, provider.every)
            record = Record(
                incidents=await self.incident_store.history(name, start),
                spans=await self.past.spans(name, start) if self.past else [],
                until=state.observed_at if state and unwatched else now,
            )
            found += uptime_report(asked, provider.surfaces, record, start, end)
        return found

    async def observed(self, incident: Incident) -> list[Span]:
        """What was observed since an incident began, its beginning included."""
        if self.past is None:
            return []
        return await self.past.spans(incident.provider, incident.started_at)

    async def incident(self, name: str) -> Incident | None:
        """By its key ("claude/abc"), or by its id alone where only one provider has it."""
        keys = [name] if "/" in name else [f"{one}/{name}" for one in self.catalog.providers]
        found = [one for key in keys if (one := await self.incident_store.incident(key))]
        return found[0] if len(found) == 1 else None

    async def incidents_since(self, since: datetime) -> list[Incident]:
        """Incidents of all providers that were open then or later, oldest first."""
        found = [
            incident
            for provider in self.catalog.providers
            for incident in await self.incident_store.history(provider, since)
        ]
        return sorted(found, key=lambda incident: incident.started_at)

    async def incidents_of(self, length: timedelta) -> list[Incident]:
        """Incidents of the last days, hours or minutes, oldest first."""
        return await self.incidents_since(self.clock() - length)

    async def scoreboard(self) -> Scoreboard:
        return scoreboard(await self.incidents_since(self.clock() - SCORED))
