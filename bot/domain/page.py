"""What a status page reports, as values.

Frozen dataclasses and enums: no I/O, no clock. All times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """How bad. `UNKNOWN` is neither down nor up, and compares below everything."""

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
    """What one update says of one component."""

    component: str
    before: Severity
    after: Severity


@dataclass(frozen=True, slots=True)
class PageUpdate:
    """One dated text of an incident. `phase` is the page's word (investigating, resolved, …).

    `at` is when the page says it was said; `posted_at` when it was really written there
    (a backdated update differs: Claude's `1019wwb67615`).
    """

    id: str
    phase: str
    text: str
    at: datetime
    posted_at: datetime
    changes: tuple[ComponentChange, ...] = ()


@dataclass(frozen=True, slots=True)
class PageIncident:
    """An incident or maintenance as the page shows it now. Updates are oldest first.

    `impact` is the page's computed word: opening another incident may change it
    (Claude's `s9w82lp9dcn9`), so it serves only where no component is named.
    """

    id: str
    title: str
    phase: str
    impact: Severity
    created_at: datetime
    started_at: datetime
    url: str = ""
    resolved_at: datetime | None = None
    components: tuple[str, ...] = ()
    updates: tuple[PageUpdate, ...] = ()
    maintenance: bool = False
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    # False: this page never says which components an incident concerns (OpenAI's, reduced
    # recordings), so that naming none means nothing.
    linkable: bool = True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one look at a page showed.

    `reports` are the open incidents and maintenances of the summary. `recent` is the page's
    history list (None: not looked at this time), which also holds ended ones;
    `recent_full` tells that it is cut at its length, so that absence proves nothing.
    `has_history` False: there is no such list and never will be (recorded polls), so that an
    incident which left the summary counts as resolved. `oddities` are sentences for the
    operator: what was dropped, cut or not understood.
    """

    provider: str
    components: tuple[Component, ...]
    reports: tuple[PageIncident, ...]
    updated_at: datetime | None = None
    recent: tuple[PageIncident, ...] | None = None
    recent_full: bool = False
    has_history: bool = True
    oddities: tuple[str, ...] = ()
