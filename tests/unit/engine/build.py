"""Pages of a few lines for the engine's tests, and a watcher that only steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.catalog.catalog_file import load_catalog
from bot.domain.incident import EventKind, Incident, IncidentEvent
from bot.domain.page import Component, ComponentChange, PageIncident, PageUpdate, Severity, Snapshot
from bot.domain.state import State
from bot.engine.step import on_failure, step

START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
CATALOG: Catalog = load_catalog()

UP, DEGRADED = Severity.UP, Severity.DEGRADED
PARTIAL, MAJOR = Severity.PARTIAL, Severity.MAJOR
OPENED, UPDATE = EventKind.OPENED, EventKind.UPDATE
WORSE, BETTER = EventKind.WORSE, EventKind.BETTER
RESOLVED, REOPENED, CORRECTED = EventKind.RESOLVED, EventKind.REOPENED, EventKind.CORRECTED
WITHDRAWN, OVER = EventKind.WITHDRAWN, EventKind.OVER

# The six components of Claude's page, by the surface each stands for.
IDS = {
    "claude.ai": "rwppv331jlwc",
    "console": "0qbwn08sd68x",
    "api": "k8w3r06qmzrp",
    "code": "yyzkbfz2thpt",
    "cowork": "bpp5gb3hpjcl",
    "government": "0scnb50nvy53",
}
_STATUS = {
    UP: "operational",
    DEGRADED: "degraded_performance",
    PARTIAL: "partial_outage",
    MAJOR: "major_outage",
    Severity.MAINTENANCE: "under_maintenance",
    Severity.UNKNOWN: "on_fire",
}


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def update(
    id_: str,
    at: float,
    phase: str = "investigating",
    text: str = "",
    posted: float | None = None,
    **changes: tuple[Severity, Severity],
) -> PageUpdate:
    """`changes`: surface=(before, after); `claude_ai` stands for claude.ai."""
    return PageUpdate(
        id=id_,
        phase=phase,
        text=text or f"text of {id_}",
        at=minute(at),
        posted_at=minute(at if posted is None else posted),
        changes=tuple(
            ComponentChange(IDS[name.replace("_", ".")], *states)
            for name, states in changes.items()
        ),
    )


def report(
    id_: str,
    *updates: PageUpdate,
    title: str = "Elevated errors",
    impact: Severity = DEGRADED,
    components: Iterable[str] = (),
    resolved: float | None = None,
    **more: object,
) -> PageIncident:
    """An incident whose phase is that of its last update, and which began with its first."""
    made = PageIncident(
        id=id_,
        title=title,
        phase=updates[-1].phase if updates else "investigating",
        impact=impact,
        created_at=updates[0].at if updates else START,
        started_at=updates[0].at if updates else START,
        components=tuple(IDS.get(name, name) for name in components),
        updates=updates,
        resolved_at=None if resolved is None else minute(resolved),
    )
    if made.has_ended and resolved is None:
        made = replace(made, resolved_at=made.updates[-1].at)
    return replace(made, **more)  # type: ignore[arg-type]  # a test names the fields it changes


@dataclass(slots=True)
class Watch:
    """Steps the engine over pages. Components keep what they were last told to be."""

    provider: str = "claude"
    state: State | None = None
    has_history: bool = True
    states: dict[str, tuple[Severity, datetime]] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.states = {IDS[name]: (UP, minute(-1000)) for name in IDS}

    def see(
        self,
        at: float,
        *reports: PageIncident,
        recent: Iterable[PageIncident] | None = None,
        recent_full: bool = False,
        components: Mapping[str, Severity] | None = None,
        since: float | None = None,
    ) -> list[tuple[str, EventKind]]:
        """Look at minute `at`. Ended reports stand in the history list, as on real pages."""
        for name, severity in (components or {}).items():
            id_ = IDS.get(name, name)
            if self.states.get(id_, (None,))[0] is not severity:
                self.states[id_] = (severity, minute(at if since is None else since))
        ended = [r for r in reports if r.has_ended]
        if recent is None and ended:
            recent = reports
        return self.take(self.page(at, reports, recent, recent_full), at)

    def page(
        self,
        at: float,
        reports: Iterable[PageIncident],
        recent: Iterable[PageIncident] | None,
        recent_full: bool = False,
    ) -> Snapshot:
        rows = tuple(
            Component(id_, id_, severity, _STATUS[severity], since)
            for id_, (severity, since) in self.states.items()
        )
        listed = None if recent is None else tuple(recent)
        return Snapshot(
            provider=self.provider,
            components=rows,
            incidents=tuple(r for r in reports if not r.has_ended),
            updated_at=minute(at),
            recent=listed,
            recent_full=recent_full,
            has_history=self.has_history,
        )

    def take(self, snapshot: Snapshot, at: float) -> list[tuple[str, EventKind]]:
        self.state, changed = step(self.state, snapshot, minute(at), CATALOG)
        told = [(i.id, event.kind) for i in changed for event in self._fresh(i)]
        self.incidents.update({incident.id: incident for incident in changed})
        return told

    def fail(self, at: float, why: str = "timeout") -> None:
        assert self.state is not None
        self.state = on_failure(self.state, why, minute(at))

    def _fresh(self, incident: Incident) -> tuple[IncidentEvent, ...]:
        known = self.incidents.get(incident.id)
        return incident.events[len(known.events) if known else 0 :]

    def now(self, incident: str) -> Incident:
        """The incident as the state has it (told or not)."""
        assert self.state is not None
        return self.state.incidents[incident]

    def last(self, incident: str) -> IncidentEvent:
        return self.now(incident).events[-1]


def quiet_watch(provider: str = "claude") -> Watch:
    """A watch that has seen a quiet page, so that everything from now on is news."""
    watch = Watch(provider)
    assert watch.see(-10, recent=()) == []
    return watch


def kinds(incident: Incident) -> list[str]:
    return [event.kind.value for event in incident.events]


# The id of our own incident of the API that goes down a minute after the start.
OWN = f"own-{IDS['api']}-{int(minute(1).timestamp())}"
# One incident of the provider, from its beginning to its end.
FIRST = update("u1", 0, api=(UP, PARTIAL))
LAST = update("u2", 30, "resolved", api=(PARTIAL, UP))
OPEN = report("i", FIRST)
ENDED = report("i", FIRST, LAST)


def opened() -> Watch:
    watch = quiet_watch()
    watch.see(1, OPEN, components={"api": PARTIAL})
    return watch
