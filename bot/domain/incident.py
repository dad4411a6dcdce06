"""What we made of a page: incidents, and the events that happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.page import Severity


class EventKind(StrEnum):
    OPENED = "opened"
    UPDATE = "update"
    WORSE = "worse"
    BETTER = "better"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CONFIRMED = "confirmed"  # the provider posted what we had only suspected
    CORRECTED = "corrected"  # a text or the title was edited
    WITHDRAWN = "withdrawn"  # the provider deleted the incident
    OVER = "over"  # seen only when it was past
    POSTMORTEM = "postmortem"
    SCHEDULED = "maintenance_scheduled"
    STARTED = "maintenance_started"
    ENDED = "maintenance_ended"


# The kinds that stand in the channel unless a subscription keeps them in the thread.
CHANNEL_KINDS = frozenset(
    {EventKind.WORSE, EventKind.RESOLVED, EventKind.REOPENED, EventKind.CONFIRMED}
)

# Phases of our own: an end that is no recovery. Another incident has what is still down now;
# or the page no longer shows what was.
HANDED_OVER = "handed over"


NOT_LISTED = "no longer listed"


NO_RECOVERY = frozenset({HANDED_OVER, NOT_LISTED})


@dataclass(frozen=True, slots=True)
class SurfaceChange:
    """`released`: the incident no longer has the surface, which did not get better by that."""

    surface: str
    before: Severity
    after: Severity
    released: bool = False


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """One piece of news of one incident; `revision` is its running number from 1.

    `key` names it for ever (by update id where there is one), so that a thread knows what it
    holds even if a lost second makes the engine number it anew. For `CORRECTED`, `corrects` is
    the key of the earlier news whose text changed (None: the title changed, `text` is the new).
    `text` is the provider's, word for word; `note` is a sentence of ours beside it.
    A `RESOLVED` whose severity is not up leaves components down, and is followed by `BETTER`.
    """

    revision: int
    kind: EventKind
    key: str
    at: datetime
    observed_at: datetime
    severity: Severity
    phase: str
    text: str = ""
    changes: tuple[SurfaceChange, ...] = ()
    update_id: str | None = None
    corrects: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Impact:
    """What an incident does to one surface. `from_text`: known from words, not from a component."""

    now: Severity
    worst: Severity
    from_text: bool = False


class Origin(StrEnum):
    PROVIDER = "provider"
    OURS = "ours"  # components went down without an incident
    SUSPECTED = "suspected"  # our evidence alone


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident with everything that was ever said of it: the present truth of its threads.

    `id` is the provider's, or ours where it has none; `aliases` are provider ids that continue
    it. `surfaces` holds every surface ever touched (the page unlinks them on resolve); empty
    means that neither component nor words named one. `timeline` is severity over time: each
    entry holds from its time until the next, the last until `ended_at`.

    `suspected_at` is when our own evidence first sufficed, `official_at` when the provider said
    so: their order and absence make leads, lags, misses and false alarms. `audience` names the
    tenants ("slack/T1") whose people alone raised a suspicion; empty: everyone.
    """

    provider: str
    id: str
    title: str
    phase: str
    origin: Origin
    started_at: datetime
    severity: Severity
    worst: Severity
    url: str = ""
    aliases: tuple[str, ...] = ()
    ended_at: datetime | None = None
    surfaces: Mapping[str, Impact] = field(default_factory=dict)
    timeline: tuple[tuple[datetime, Severity], ...] = ()
    events: tuple[IncidentEvent, ...] = ()
    maintenance: bool = False
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    withdrawn: bool = False
    quiet: bool = False  # history only: seen when older than a day
    continues: str | None = None  # key of the incident it reopens, when that was long ago
    suspected_at: datetime | None = None
    official_at: datetime | None = None
    visibility: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.id}"

    @property
    def revision(self) -> int:
        return self.events[-1].revision if self.events else 0

    @property
    def is_open(self) -> bool:
        return self.ended_at is None
