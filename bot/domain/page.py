"""The report of a status page, as values.

Frozen dataclasses and enums: no I/O, no clock. All times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Severity(StrEnum):
    """A degree of trouble. `UNKNOWN` is neither down nor up, and compares below everything."""

    UNKNOWN = "unknown"
    UP = "up"
    MAINTENANCE = "maintenance"
    DEGRADED = "degraded"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"

    @property
    def rank(self) -> int:
        return _RANK[self]

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")

    @property
    def is_impaired(self) -> bool:
        """Degraded or worse. Maintenance is planned, and unknown is not known to be bad."""
        return self.rank >= Severity.DEGRADED.rank

    @property
    def is_down(self) -> bool:
        """A partial or a major outage. What is only degraded answers, if slowly or not always."""
        return self.rank >= Severity.PARTIAL.rank


_RANK = {severity: rank for rank, severity in enumerate(Severity, start=-1)}


def worst(severities: Iterable[Severity], default: Severity = Severity.UP) -> Severity:
    return max(severities, key=lambda s: s.rank, default=default)


@dataclass(frozen=True, slots=True)
class Component:
    """A row of the page, known by its id. `status` is the page's own word, kept as it came."""

    id: str
    name: str
    severity: Severity
    status: str
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ComponentChange:
    """The statement of one update about one component."""

    component: str
    before: Severity
    after: Severity


# The words for the phase of an incident (Statuspage's, incident.io's, Instatus's).
ENDED = frozenset({"resolved", "postmortem", "completed", "closed", "cancelled", "canceled"})
OPEN = frozenset(
    {"investigating", "identified", "monitoring", "scheduled", "in_progress", "verifying", "update"}
)


@dataclass(frozen=True, slots=True)
class PageUpdate:
    """One dated text of an incident."""

    id: str
    phase: str  # the page's word: investigating, resolved, …
    text: str
    at: datetime  # when the page says it was said
    # When it was really written there; a backdated update differs (Claude's `1019wwb67615`).
    posted_at: datetime
    changes: tuple[ComponentChange, ...] = ()

    @property
    def is_end(self) -> bool:
        return self.phase in ENDED


@dataclass(frozen=True, slots=True)
class PageIncident:
    """An incident or maintenance as the page shows it now."""

    id: str
    title: str
    phase: str
    # The page's computed word. Opening another incident may change it (Claude's `s9w82lp9dcn9`),
    # so it serves only where no component is named.
    impact: Severity
    created_at: datetime
    started_at: datetime
    url: str = ""
    resolved_at: datetime | None = None
    components: tuple[str, ...] = ()  # those it names now; pages remove them at the end
    updates: tuple[PageUpdate, ...] = ()  # oldest first
    maintenance: bool = False
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    # False: this page never says which components an incident concerns (OpenAI's, reduced
    # recordings), so that naming none means nothing.
    linkable: bool = True

    @property
    def has_ended(self) -> bool:
        """Is it over? A phase we do not know is over if the page dates its end."""
        if self.phase in ENDED:
            return True
        return self.phase not in OPEN and self.resolved_at is not None

    @property
    def end_at(self) -> datetime:
        """The time of its end, once it has ended: as the page says, else of its last word."""
        last = self.updates[-1].at if self.updates else self.created_at
        return self.resolved_at or last

    @property
    def posted_at(self) -> datetime:
        """The time when it was really put on the page: backdated ones are dated earlier."""
        return min((update.posted_at for update in self.updates), default=self.created_at)


class PageList(StrEnum):
    """A list that a page keeps beside its summary, by its name in Statuspage's API."""

    INCIDENTS = "incidents"
    MAINTENANCES = "scheduled_maintenances"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A page as one poll showed it."""

    provider: str
    components: tuple[Component, ...]
    incidents: tuple[PageIncident, ...]  # open incidents and maintenances of the summary
    updated_at: datetime | None = None
    # The page's history list, which also holds ended ones. None: not read at this poll.
    recent: tuple[PageIncident, ...] | None = None
    recent_full: bool = False  # the list is cut at its length: absence proves nothing
    # False: there is no such list and never will be (recorded polls), so that an incident which
    # left the summary counts as resolved.
    has_history: bool = True
    # True: the page has no rows; its components are as bad as the incidents that it lists (Google,
    # AWS, feeds). An open one that is missing has not ended by that: what it had down is unknown.
    derived: bool = False
    # Why the list could not be read though it was asked for; empty if it was, or was not needed.
    list_failure: str = ""
    # Sentences for the operator: what was dropped, cut or not understood.
    oddities: tuple[str, ...] = ()
    # How old the answer was when it came: a cache on the way may have kept it.
    age: timedelta = timedelta(0)
    # For so long the page has nothing newer to give, by its own word (Cache-Control).
    good_for: timedelta = timedelta(0)
