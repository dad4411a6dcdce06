"""Calling somebody once, where nobody has taken a major outage for so long, and the loop for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.delivery.announcement import Announcement, DueStep
from bot.delivery.state_fanout import StateFanOut
from bot.delivery.steps import Act, Plan, Step
from bot.domain.incident import Incident, Origin
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.state import State
from bot.domain.subscription import Reason, Subscription, ThreadRecord

log = structlog.get_logger()

ESCALATE = "escalate:"  # how its key begins
LOOK_EVERY = 10.0  # seconds (guess)
# Reasons for which a call is put off.
_LATER = frozenset({Reason.QUIET, Reason.MUTED, Reason.NOT_SUBSCRIBED})


@dataclass(frozen=True, slots=True)
class Untaken:
    """An incident that somebody may have to be called for, as a subject."""

    incident: str  # key

    @property
    def key(self) -> str:
        return f"{ESCALATE}{self.incident}"

    @property
    def version(self) -> str:
        return "1:untaken"

    @property
    def severity(self) -> Severity:
        return Severity.MAJOR


def major_since(incident: Incident) -> datetime | None:
    """Return since when an incident is a major outage by the provider's word; None: it is none."""
    official = incident.origin is not Origin.SUSPECTED and not incident.maintenance
    if not (incident.is_open and official and incident.severity is Severity.MAJOR):
        return None
    since = incident.started_at
    for at, severity in incident.timeline:
        since = at if severity is Severity.MAJOR else since
    return since


class UntakenNews(Announcement):
    """An incident, and whether somebody of the channel's workspace has taken it."""

    subject: Untaken
    better_twice = True  # a call that does not come is worse than two

    def __init__(self, incident: Incident, root: ThreadRecord | None, *, taken: bool) -> None:
        self.subject = Untaken(incident.key)
        self.begun_at = self.known_at = incident.started_at
        self._incident = incident
        self._root = root
        self._taken = taken

    def plan(self, thread: ThreadRecord, subscription: Subscription | None, now: datetime) -> Plan:
        """Return the one call, if it is due: once for each incident."""
        since = major_since(self._incident)
        if thread.root is not None or since is None or self._taken:
            return Plan((), Reason.TOLD)
        if subscription is None or subscription.escalation is None:
            return Plan((), Reason.NOT_SUBSCRIBED)
        if subscription.is_muted(now, self._incident):
            return Plan((), Reason.MUTED)
        due = since + timedelta(minutes=subscription.escalation.minutes)
        announced = self._root is not None and bool(self._root.root)
        if not announced or now < due or subscription.quiet_at(now, self._incident):
            return Plan((), Reason.QUIET)
        return Plan((Step(Act.SAY, 1, mention=True),), Reason.DUE)

    def message(self, due: DueStep) -> Message:
        since = major_since(self._incident) or due.now
        return due.messages.of_untaken(self._incident, since, due.now)

    def is_final(self, reason: Reason) -> bool:
        return reason not in _LATER

    def mention(self, subscription: Subscription) -> str | None:
        return subscription.escalation.mention if subscription.escalation else None


class EscalationFanOut(StateFanOut):
    """The loop that queues the channels that want somebody called by now."""

    name = "escalation"
    look_every = LOOK_EVERY

    async def queue_from(self, state: State) -> None:
        """Queue every channel whose time has passed since an outage became a major one."""
        now = self._clock()
        for incident in state.incidents.values():
            since = major_since(incident)
            minutes = int((now - since).total_seconds() // 60) if since else 0
            if minutes > 0:
                stale = await self._stream.enqueue_escalation(Untaken(incident.key), minutes)
                if stale:
                    log.info("escalation.queued", incident=incident.key, stale=stale)
