"""What the engine carries from one look at a page to the next; the store keeps it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.incident import Incident
from bot.domain.page import Severity


@dataclass(frozen=True, slots=True)
class ComponentState:
    """A component as last believed, and since when (the page's time where it tells one)."""

    name: str
    severity: Severity
    status: str
    since: datetime
    listed: bool = True  # False: it vanished from the page, which does not mean removed
    # A change for the worse seen once and held back until the next look (never a major outage).
    pending: Severity | None = None
    pending_since: datetime | None = None
    unclear: bool = False  # the page's present word means nothing to us; `severity` is older
    unlisted_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SuspicionState:
    """Our own evidence against one surface: since when it sufficed, and when it last did."""

    since: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """What one incident does to one component: at present, and when it last said so."""

    severity: Severity
    worst: Severity
    named_at: datetime


@dataclass(frozen=True, slots=True)
class Track:
    """What the engine must remember of one incident besides what is told of it.

    `texts` holds a hash of every update's text by update id, told or not. `links` are the
    components it ever named. `impact` is the page's word as last believed. `models` are the
    surfaces named by words. `followed`: resolved by the page while components were still down.
    `page_end` is the end as the page tells it; the page's list is sorted by it. `title` is the
    page's title (an incident of ours has none).
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    impact: Severity = Severity.UP
    models: tuple[str, ...] = ()
    followed: bool = False
    linkable: bool = True
    page_end: datetime | None = None
    title: str = ""
    missing_since: datetime | None = None  # open, and no longer among what a derived page lists


@dataclass(frozen=True, slots=True)
class State:
    """Everything known of one provider's page. `incidents` (by id): open ones and those that may
    still change; older ones live in the journal alone. `tracks` has one entry for each of them.
    `retired` are ids that left, newest last: they are never taken for new again.
    """

    provider: str
    began_at: datetime
    observed_at: datetime  # the last good look
    page_updated_at: datetime | None = None
    history_at: datetime | None = None  # when the history list was last read
    history_for: datetime | None = None  # the page's `updated_at` at that time
    components: Mapping[str, ComponentState] = field(default_factory=dict)
    incidents: Mapping[str, Incident] = field(default_factory=dict)
    tracks: Mapping[str, Track] = field(default_factory=dict)
    retired: tuple[str, ...] = ()
    debounced: int = 0  # flaps of one look that were never told
    failing_since: datetime | None = None  # the page cannot be read since then
    failure: str = ""
    suspicions: Mapping[str, SuspicionState] = field(default_factory=dict)  # by surface
