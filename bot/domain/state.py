"""The state that the engine carries from one poll of a page to the next; stored as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.blindness import Blindness
from bot.domain.evidence import Evidence, Source
from bot.domain.incident import Incident
from bot.domain.page import Severity, worst


@dataclass(frozen=True, slots=True)
class ComponentState:
    """A component as last believed, and since when (the page's time where it tells one)."""

    name: str
    severity: Severity
    status: str
    since: datetime
    listed: bool = True  # False: it vanished from the page, which does not mean removed
    # A change for the worse seen once and debounced until the next poll (never a major outage).
    pending: Severity | None = None
    pending_since: datetime | None = None
    unclear: bool = False  # the page's present word means nothing to us; `severity` is older
    unlisted_since: datetime | None = None

    def evidence(self, surface: str, at: datetime) -> Evidence:
        """Return what it says of its surface, as last seen at this moment."""
        severity = self.pending or self.severity
        says = f"{self.name}: {self.status.replace('_', ' ')}"
        if self.unclear:
            severity = Severity.UNKNOWN
        if not self.listed:
            # Its row left the page: nobody knows what it is now.
            severity, says = Severity.UNKNOWN, f"{self.name}: no longer listed"
        since = self.pending_since or self.since
        return Evidence(Source.PAGE, surface, severity, at, since=since, says=says)


@dataclass(frozen=True, slots=True)
class SuspicionState:
    """Our own evidence against one surface: since when it sufficed, and when it last did."""

    since: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class ComponentLink:
    """The severity of one incident for one component, and when it last said so."""

    severity: Severity
    worst: Severity
    named_at: datetime

    @classmethod
    def of(cls, old: ComponentLink | None, severity: Severity, at: datetime) -> ComponentLink:
        """Return a component as an incident has it from `at` on, after what it had been (`old`).

        An unknown severity changes nothing.
        """
        if severity is Severity.UNKNOWN:
            severity = old.severity if old else Severity.UP
        if old is None:
            return cls(severity, severity, at)
        return cls(severity, worst((severity, old.worst)), max(at, old.named_at))


@dataclass(frozen=True, slots=True)
class LeftShape:
    """An incident's shape before it changed, as a hash; `worded`: the provider said something."""

    at: datetime
    shape: str
    worded: bool


@dataclass(frozen=True, slots=True)
class Steadiness:
    """The changes of an incident of late."""

    shape: str = ""  # a hash of what it was at the last poll
    left: tuple[LeftShape, ...] = ()  # what it was before, within the last hour
    count: int = 0  # changes since it was last steady
    unsteady: bool = False  # it keeps changing, and what is told waits until it holds
    hold: timedelta = timedelta(minutes=10)  # for how long it must hold then

    def then(self, shape: str, now: datetime, window: timedelta, *, worded: bool) -> Steadiness:
        """Return it with the present shape; one that did not change within `window` begins anew."""
        left = tuple(one for one in self.left if now - one.at <= window)
        before = self if left else Steadiness(self.shape)
        if not before.shape or shape == before.shape:
            return replace(before, shape=shape, left=left)
        left = (*left, LeftShape(now, before.shape, worded))
        return replace(before, shape=shape, left=left, count=before.count + 1)

    @property
    def changes(self) -> int:
        """Changes without a word within the last hour."""
        return sum(not one.worded for one in self.left)

    @property
    def returns(self) -> int:
        """Those of them that led back to what it had been within that hour."""
        entered = [*(one.shape for one in self.left[1:]), self.shape]
        return sum(
            not one.worded and shape in {earlier.shape for earlier in self.left[: i + 1]}
            for i, (one, shape) in enumerate(zip(self.left, entered, strict=False))
        )


@dataclass(frozen=True, slots=True)
class Track:
    """The engine's memory of one incident besides what it emitted of it."""

    texts: Mapping[str, str] = field(default_factory=dict)  # update id → hash of its text
    links: Mapping[str, ComponentLink] = field(
        default_factory=dict
    )  # by component: all it ever named
    impact: Severity = Severity.UP  # the page's word as last believed
    impact_shown: Severity | None = None  # the page's word as of the last poll; None: as believed
    words: tuple[str, ...] = ()  # surfaces that its texts name
    followed: bool = False  # over, while components were still down or in maintenance
    linkable: bool = True
    page_end: datetime | None = None  # its end by the page, whose list is sorted by it
    title: str = ""  # by the page; empty for a derived one
    steadiness: Steadiness = field(default_factory=Steadiness)
    missing_since: datetime | None = None  # open, and no longer among what a derived page lists


@dataclass(frozen=True, slots=True)
class State:
    """Everything known of one provider's page."""

    provider: str
    began_at: datetime
    observed_at: datetime  # the last good poll
    page_updated_at: datetime | None = None
    history_at: datetime | None = None  # when the history list was last read
    history_for: datetime | None = None  # the page's `updated_at` at that time
    components: Mapping[str, ComponentState] = field(default_factory=dict)
    # By our id: open ones and those that may still change; older ones are in the store alone.
    incidents: Mapping[str, Incident] = field(default_factory=dict)
    tracks: Mapping[str, Track] = field(default_factory=dict)  # one for each of `incidents`
    archived: tuple[str, ...] = ()  # ids that left, newest last: never taken for new again
    debounced: int = 0  # flaps of one poll that were never told
    failing_since: datetime | None = None  # the page cannot be read since then
    failure: str = ""
    suspicions: Mapping[str, SuspicionState] = field(default_factory=dict)  # by surface
    blindness: Blindness | None = None  # the last one, told to channels

    @property
    def our_ids(self) -> dict[str, str]:
        """Our id of each incident, by every id that it is known by.

        Of several with one id of the provider's (reopened late), the youngest answers to it.
        """
        by_age = sorted(self.incidents.values(), key=lambda incident: incident.started_at)
        return {name: incident.id for incident in by_age for name in incident.ids}
