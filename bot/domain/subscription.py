"""Who wants to be told: channels, subscriptions, and what stands in a channel's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity


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
    thread_only: frozenset[EventKind] = frozenset()
    muted_until: datetime | None = None
    paused: Pause | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None  # when it was last written; the store fills it in

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and now < self.muted_until

    def matches(self, incident: Incident) -> bool:
        """Does anything this incident ever did concern this channel?"""
        if incident.visibility and self.channel.owner not in incident.visibility:
            return False  # suspected by the people of other workspaces, and by nothing else
        if not self.surfaces:
            return incident.worst.rank >= self.severity.rank
        return any(
            impact.worst.rank >= self.severity.rank
            for surface, impact in incident.surfaces.items()
            if surface in self.surfaces
        )


@dataclass(frozen=True, slots=True)
class ThreadRecord:
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
    searched_at: datetime | None = None
