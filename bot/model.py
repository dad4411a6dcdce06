"""The words of the product, as values.

Everything here is a frozen dataclass or an enum: no behaviour beyond reading itself, no I/O,
no clock. All times are aware UTC. What a page reports (`Snapshot` and its parts) stands apart
from what we made of it (`Incident`, `News`, `Verdict`) and from who wants it (`Subscription`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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


# --- what a page reports ---------------------------------------------------------------------


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
class Update:
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
class Report:
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
    updates: tuple[Update, ...] = ()
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
    `oldest_recent` is the smallest `created_at` in it: what is older fell off its end.
    `has_history` False: there is no such list and never will be (recorded polls), so that an
    incident which left the summary counts as resolved. `oddities` are sentences for the
    operator: what was dropped, cut or not understood.
    """

    provider: str
    components: tuple[Component, ...]
    reports: tuple[Report, ...]
    updated_at: datetime | None = None
    recent: tuple[Report, ...] | None = None
    recent_full: bool = False
    oldest_recent: datetime | None = None
    has_history: bool = True
    oddities: tuple[str, ...] = ()


# --- what we made of it ----------------------------------------------------------------------


class NewsKind(StrEnum):
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
class News:
    """One piece of news of one incident; `revision` is its running number from 1.

    `key` names it for ever (by update id where there is one), so that a thread knows what it
    holds even if a lost second makes the engine number it anew. For `CORRECTED`, `corrects` is
    the key of the earlier news whose text changed (None: the title changed, `text` is the new).
    `text` is the provider's, word for word; `note` is a sentence of ours beside it.
    A `RESOLVED` whose severity is not up leaves components down, and is followed by `BETTER`.
    """

    revision: int
    kind: NewsKind
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
    news: tuple[News, ...] = ()
    maintenance: bool = False
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    withdrawn: bool = False
    quiet: bool = False  # history only: seen when older than a day
    continues: str | None = None  # key of the incident it reopens, when that was long ago
    suspected_at: datetime | None = None
    official_at: datetime | None = None
    audience: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.id}"

    @property
    def revision(self) -> int:
        return self.news[-1].revision if self.news else 0

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class Source(StrEnum):
    PAGE = "page"
    PROBE = "probe"
    REPORTS = "reports"
    TRAFFIC = "traffic"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source says of one surface. `at`: when it was last seen to be so."""

    source: Source
    surface: str
    severity: Severity
    at: datetime
    since: datetime | None = None
    says: str = ""
    from_text: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we say about a surface now, and what it rests on. `incidents` are keys."""

    surface: str
    severity: Severity
    since: datetime | None
    checked_at: datetime | None  # None: the page was never read
    evidence: tuple[Evidence, ...] = ()
    incidents: tuple[str, ...] = ()
    suspected: bool = False


# --- who wants it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Channel:
    """Where we speak: platform (slack, discord, terminal), tenant (workspace, guild) and id."""

    platform: str
    tenant: str
    id: str

    def __str__(self) -> str:
        return f"{self.platform}/{self.tenant}/{self.id}"

    @property
    def owner(self) -> str:
        """The tenant, named across platforms."""
        return f"{self.platform}/{self.tenant}"

    @classmethod
    def parse(cls, text: str) -> Channel:
        platform, tenant, id_ = text.split("/", 2)
        return cls(platform, tenant, id_)


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a channel is not written to at present."""

    reason: str
    since: datetime
    next_try: datetime | None  # None: only when the platform says that something changed
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Subscription:
    """A channel asks for `surfaces` (empty: everything) from `severity` up.

    `mention` is the platform's own address of whom to call (`<!subteam^S1>`, `<@&1>`), checked by
    its adapter when set. `thread_only` holds the kinds that stay out of the channel.
    """

    channel: Channel
    severity: Severity = Severity.DEGRADED
    surfaces: frozenset[str] = frozenset()
    mention: str | None = None
    thread_only: frozenset[NewsKind] = frozenset()
    muted_until: datetime | None = None
    paused: Pause | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None  # when it was last written; the store fills it in

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and now < self.muted_until

    def matches(self, incident: Incident) -> bool:
        """Does anything this incident ever did concern this channel?"""
        if incident.audience and self.channel.owner not in incident.audience:
            return False  # suspected by the people of other workspaces, and by nothing else
        if not self.surfaces:
            return incident.worst.rank >= self.severity.rank
        return any(
            impact.worst.rank >= self.severity.rank
            for surface, impact in incident.surfaces.items()
            if surface in self.surfaces
        )


@dataclass(frozen=True, slots=True)
class Thread:
    """What stands in one channel about one incident.

    `root` and the values of `replies` (news key → message) are the messenger's own references.
    `joined` is the revision the root first showed: what is older was never due here.
    `shown` is the revision that the root shows now, `texts` the hash of each reply as last sent.
    """

    root: str | None = None
    joined: int = 0
    shown: int = 0
    replies: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    midway: bool = False  # the root was posted because the channel asked for a running incident
    # When the platform was last searched for what we might have sent without recording it.
    looked_at: datetime | None = None
