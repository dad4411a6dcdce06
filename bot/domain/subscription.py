"""Channels, their subscriptions and reminders, and the record of what was sent to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.blindness import Blindness
from bot.domain.board import Board
from bot.domain.digest import DigestTime
from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from bot.domain.quiet import Period, QuietHours
from bot.domain.taker import Escalation


@dataclass(frozen=True, slots=True, order=True)
class Channel:
    """A place for messages: a platform, its tenant (workspace, guild) and the id there."""

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
    """The reason why a channel is not written to at present."""

    reason: str
    since: datetime
    next_try: datetime | None  # None: only when the platform says that something changed
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Subscription:
    """A channel asks for `surfaces` from `severity` up (none: the providers told by default).

    `mention` is the platform's own address of whom to call (`<!subteam^S1>`, `<@&1>`), checked by
    its adapter when set. `thread_only` holds the kinds that stay out of the channel.
    """

    channel: Channel
    severity: Severity = Severity.DEGRADED
    surfaces: frozenset[str] = frozenset()
    mention: str | None = None
    thread_only: frozenset[EventKind] = frozenset()
    muted_until: datetime | None = None
    paused: Pause | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None  # when it was last written; the store fills it in
    mention_from: Severity = Severity.UP  # nobody is called for what is less severe
    # Until when nothing is told of these alone; of an incident (key), of a surface (id).
    muted_incidents: Mapping[str, datetime] = field(default_factory=dict)
    muted_surfaces: Mapping[str, datetime] = field(default_factory=dict)
    quiet: QuietHours | None = None
    digest: DigestTime | None = None
    escalation: Escalation | None = None
    board: Board | None = None

    def is_muted(self, now: datetime, incident: Incident | None = None) -> bool:
        """Whether nothing is told now, or nothing of this incident."""
        if self.muted_until is not None and now < self.muted_until:
            return True
        if incident is None or not (self.muted_incidents or self.muted_surfaces):
            return False
        keys = [f"{incident.provider}/{id_}" for id_ in incident.ids]
        if any(now < self.muted_incidents[key] for key in keys if key in self.muted_incidents):
            return True
        muted = {surface for surface, until in self.muted_surfaces.items() if now < until}
        hit = incident.surfaces if not self.surfaces else incident.concerned
        asked = {surface for surface in hit if not self.surfaces or surface in self.surfaces}
        heard = [hit[surface].worst for surface in asked - muted]
        return bool(asked & muted) and all(one.rank < self.severity.rank for one in heard)

    @property
    def zone(self) -> str:
        """The time zone that was named here, "" if none was."""
        named = self.quiet or self.digest
        return named.zone if named else ""

    @property
    def has_times(self) -> bool:
        """Whether something falls due at times of its own."""
        return self.quiet is not None or self.digest is not None

    def quiet_at(self, moment: datetime, incident: Incident) -> Period | None:
        """Return the quiet hours that put off what is told of an incident then; None: none."""
        if self.quiet is None:
            return None
        if self.quiet.except_major:
            # Was what the channel asks for ever a major outage in this incident?
            asked = [how for s, how in incident.concerned.items() if s in self.surfaces]
            worst = [how.worst for how in asked] if self.surfaces else [incident.worst]
            if Severity.MAJOR in worst:
                return None
        return self.quiet.period_at(moment)

    def calls(self, severity: Severity) -> bool:
        """Is something so bad enough to call whom the subscription names?"""
        return severity.rank >= self.mention_from.rank

    def matches(self, incident: Incident) -> bool:
        """Does anything this incident ever did concern this channel?"""
        return self.mismatch(incident) is None

    def mismatch(self, incident: Incident) -> Reason | None:
        """Return why nothing this incident ever did concerns this channel; None: something does."""
        if not incident.is_shown_to(self.channel.owner):
            return Reason.OTHER_WORKSPACE  # suspected by the people there, and by nothing else
        worst = [incident.worst] if incident.by_default else []
        if self.surfaces:
            concerned = incident.concerned
            worst = [concerned[surface].worst for surface in self.surfaces & concerned.keys()]
            if not worst:
                return Reason.OTHER_SURFACES
        # Nobody computed how bad a notice is that speaks of trouble: as bad as can be unnoticed.
        least = Severity.DEGRADED if incident.notice else Severity.UP
        is_asked_for = any(max(s.rank, least.rank) >= self.severity.rank for s in worst)
        return None if is_asked_for else Reason.BELOW_SEVERITY

    def matches_blindness(self, blindness: Blindness) -> bool:
        """Does what was in trouble when the page was lost from sight concern this channel?"""
        worst = [blindness.worst] if blindness.by_default else []
        if self.surfaces:
            concerned = blindness.concerned
            worst = [concerned[surface].worst for surface in self.surfaces & concerned.keys()]
        return any(severity.rank >= self.severity.rank for severity in worst)


@dataclass(frozen=True, slots=True)
class ThreadRecord:
    """The record of what one channel was sent about one subject. References are the messenger's."""

    root: str | None = None  # reference of the root; "" if somebody deleted it
    joined: int = 0  # revision that the root first showed: what is older was never due here
    shown: int = 0  # revision that the root shows now
    replies: Mapping[str, str] = field(default_factory=dict)  # event key → reference
    closed: bool = False
    midway: bool = False  # the root was posted because the channel asked for a running incident
    # When the platform was last searched for what may have been sent without being recorded.
    searched_at: datetime | None = None
    report_count: str = ""  # the line of people's reports that the root shows
    parked: int = 0  # revision whose root the platform refused in every form
    content: str = ""  # of a board: the hash of what it shows
    place: str = ""  # reference of the root of the thread that took the place of the first one
    refused: str = ""  # the platform's last reason for not taking a message as it was meant

    @property
    def goes_on_in(self) -> str | None:
        """Return the root of the thread that replies go to by now."""
        return self.place or self.root


@dataclass(frozen=True, slots=True)
class Reminder:
    """A person asked to be told once that all of these surfaces are up again."""

    channel: Channel  # the person's direct messages with the bot
    person: str  # the platform's id
    surfaces: tuple[str, ...]
    asked_at: datetime

    def overlaps(self, other: Reminder) -> bool:
        """Whether both are of one surface at least."""
        return not set(self.surfaces).isdisjoint(other.surfaces)

    def joined(self, others: Iterable[Reminder]) -> Reminder:
        """Return one reminder for this and for those others that overlap it.

        It is of all their surfaces: what somebody asked for twice is told once, when all of it is
        up. One of the others that is of all of them already is returned as it is.
        """
        same = [one for one in others if self.overlaps(one)]
        whole = tuple(dict.fromkeys((*self.surfaces, *(s for one in same for s in one.surfaces))))
        there = next((one for one in same if set(one.surfaces) == set(whole)), None)
        return there or replace(self, surfaces=whole)

    @property
    def id(self) -> str:
        text = f"{self.channel.owner}/{self.person}/{' '.join(sorted(self.surfaces))}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @property
    def key(self) -> str:
        """The subject's key in the queue; unlike an incident's it holds no slash."""
        return f"reminder:{self.id}"

    @property
    def version(self) -> str:
        return f"0:{int(self.asked_at.timestamp())}"

    @property
    def severity(self) -> Severity:
        """The least urgent there is: its surfaces are up."""
        return Severity.UP


class Reason(StrEnum):
    """The reason why a destination is told what it is told about a subject, or nothing."""

    TOLD = "told"  # everything stands there
    DUE = "due"  # the steps are still to be carried out
    PAUSED = "paused"  # ... once the channel can be written to
    NOT_SUBSCRIBED = "not_subscribed"
    OTHER_SURFACES = "other_surfaces"
    BELOW_SEVERITY = "below_severity"
    OTHER_WORKSPACE = "other_workspace"  # suspected by the people of another one alone
    MUTED = "muted"
    WITHDRAWN = "withdrawn"
    NOT_ANNOUNCED = "not_announced"  # it ran when the page was first read
    LONG_OVER = "long_over"
    OVER_BEFORE_ASKED = "over_before_asked"
    PARKED = "parked"  # the platform refused the message in every form
    ROOT_DELETED = "root_deleted"
    QUIET = "quiet"  # put off until the quiet hours end
    SUMMED_UP = "summed_up"  # it came in quiet hours: part of the message at their end
    NOTHING_LEFT = "nothing_left"  # of the end of quiet hours: nothing is left to say
    NOT_BACK = "not_back"  # of a reminder: its surfaces are not up
    EXPIRED = "expired"  # of a reminder: nobody waits that long
