"""Incidents, made of what a page says, and the events that happened to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zlib import crc32

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


class Ending(StrEnum):
    """The way in which an incident ended."""

    NONE = "none"  # it runs
    # It left the page's summary, and only the history list, not read yet, can say why.
    UNDECIDED = "undecided"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"  # the provider deleted it
    CALLED_OFF = "called off"  # a maintenance that left the page before it began
    FELL_OFF = "fell off"  # it is older than what the page still lists
    HANDED_OVER = "handed over"  # another incident has what is still down
    NOT_LISTED = "no longer listed"  # the page no longer shows the components that were down

    @property
    def is_over(self) -> bool:
        return self not in {Ending.NONE, Ending.UNDECIDED}

    @property
    def withdraws(self) -> bool:
        """It never was, as far as the provider is concerned."""
        return self in {Ending.WITHDRAWN, Ending.CALLED_OFF}

    @property
    def recovers(self) -> bool:
        """Did what was down come back up? If not, no message may say so."""
        return self not in {Ending.HANDED_OVER, Ending.NOT_LISTED}


@dataclass(frozen=True, slots=True)
class SurfaceChange:
    """`released`: the incident no longer has the surface, which did not get better by that."""

    surface: str
    before: Severity
    after: Severity
    released: bool = False


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """One thing that happened to an incident, told once.

    A `RESOLVED` whose severity is not up leaves components down, and is followed by `BETTER`.
    """

    revision: int  # its running number within the incident, from 1
    kind: EventKind
    # Names it for ever (by update id where there is one), so that a thread knows what it holds
    # even if a lost second makes the engine number it anew.
    key: str
    at: datetime
    observed_at: datetime
    severity: Severity  # of the whole incident, after it
    phase: str
    text: str = ""  # the provider's, word for word
    changes: tuple[SurfaceChange, ...] = ()
    update_id: str | None = None
    # Of `CORRECTED`: the key of the event whose text changed; None: the title, `text` is the new.
    corrects: str | None = None
    note: str = ""  # a sentence of ours beside the text
    # Why surfaces are no longer the incident's, where that is no recovery.
    ending: Ending = Ending.NONE


@dataclass(frozen=True, slots=True)
class Impact:
    """The severity of an incident for one surface. `from_text`: by words, not by a component."""

    now: Severity
    worst: Severity
    from_text: bool = False


class Origin(StrEnum):
    PROVIDER = "provider"
    OURS = "ours"  # components went down without an incident
    SUSPECTED = "suspected"  # our evidence alone


class SeenBy(StrEnum):
    """The source of what is known of an incident: the page's list, or our own polls."""

    US = "us"  # we polled the page while it ran, or soon after
    PAGE = "page"  # it was over before we first looked; the page's own list tells it


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident with everything that was ever said of it: the present truth of its threads."""

    provider: str
    id: str  # the provider's, or ours where it has none
    title: str
    phase: str
    origin: Origin
    started_at: datetime
    severity: Severity
    worst: Severity
    url: str = ""
    aliases: tuple[str, ...] = ()  # provider ids that continue it
    ended_at: datetime | None = None
    ending: Ending = Ending.NONE
    # Every surface ever touched (the page removes them at the end); empty: neither component nor
    # words named one.
    surfaces: Mapping[str, Impact] = field(default_factory=dict)
    # Surfaces that nothing names, with what the incident does to those that carry them.
    carried: Mapping[str, Impact] = field(default_factory=dict)
    # Severity over time: each entry holds until the next, the last until `ended_at`.
    timeline: tuple[tuple[datetime, Severity], ...] = ()
    # The same of each surface whose components it moved; one that only words name has none.
    surface_timelines: Mapping[str, tuple[tuple[datetime, Severity], ...]] = field(
        default_factory=dict
    )
    events: tuple[IncidentEvent, ...] = ()
    maintenance: bool = False
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    # Its words say trouble, and the page computes no impact: told quietly to whoever asked for
    # degraded or less.
    notice: bool = False
    quiet: bool = False  # history only: seen when older than a day
    continues: str | None = None  # key of the incident it reopens, when that was long ago
    # When our own evidence first sufficed, and when the provider said so: their order and absence
    # make leads, lags, misses and false alarms.
    suspected_at: datetime | None = None
    official_at: datetime | None = None
    # When somebody here first reported trouble with one of its surfaces, and the most people who
    # did at one time.
    first_report_at: datetime | None = None
    reporters: int = 0
    # Tenants ("slack/T1") whose people alone raised a suspicion; empty: everyone.
    visibility: tuple[str, ...] = ()
    # False: of a provider that is told only to channels which asked for it by name.
    by_default: bool = True
    seen_by: SeenBy = SeenBy.US

    def is_shown_to(self, owner: str | None) -> bool:
        """Whether a tenant ("slack/T1") may read of it; None: whether anybody at all may."""
        return not self.visibility or owner in self.visibility

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.id}"

    @property
    def concerned(self) -> Mapping[str, Impact]:
        """Every surface whose users it may hit: those that it touched, and what these carry."""
        return {**self.carried, **self.surfaces}

    def concerns(self, surfaces: Collection[str]) -> bool:
        """Does it concern any of these (none: whatever they are)?"""
        return not (surfaces and self.concerned.keys().isdisjoint(surfaces))

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id, *self.aliases)

    @property
    def withdrawn(self) -> bool:
        return self.ending.withdraws

    @property
    def revision(self) -> int:
        return self.events[-1].revision if self.events else 0

    @property
    def version(self) -> str:
        """Names the state that a thread may be up to date with.

        Not the revision alone: after a lost second the same number may stand for other events.
        """
        last = self.events[-1].key if self.events else ""
        return f"{self.revision}:{crc32(last.encode()):08x}"

    def spells(self, end: datetime) -> list[tuple[Severity, timedelta]]:
        """Return how long it was how bad until then, in order.

        What is unknown is left out, and so is being up at its beginning and its end.
        """
        spells: list[tuple[Severity, timedelta]] = []
        for (start, severity), (until, _) in pairwise([*self.timeline, (end, Severity.UP)]):
            length = min(until, end) - start
            if severity is Severity.UNKNOWN or length <= timedelta(0):
                continue
            if spells and spells[-1][0] is severity:
                length += spells.pop()[1]
            spells.append((severity, length))
        while spells and spells[0][0] is Severity.UP:
            del spells[0]
        while spells and spells[-1][0] is Severity.UP:
            del spells[-1]
        return spells

    def events_with(self, new: Iterable[IncidentEvent]) -> tuple[IncidentEvent, ...]:
        """Return its events and new ones, which get the next revisions.

        A key that was used already gets its revision added.
        """
        events, used = list(self.events), {event.key for event in self.events}
        for event in new:
            revision = (events[-1].revision if events else 0) + 1
            key = event.key if event.key not in used else f"{event.key}~{revision}"
            used.add(key)
            events.append(replace(event, revision=revision, key=key))
        return tuple(events)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None
