"""A channel's digest at its own time: one message, or silence where nothing happened. Pure."""

from __future__ import annotations

from datetime import datetime

from bot.delivery.announcement import Announcement, DueStep
from bot.delivery.steps import Act, Plan, Step
from bot.domain.digest import DigestDue
from bot.domain.message import Message
from bot.domain.subscription import Reason, Subscription, ThreadRecord
from bot.status.digest import Digest


class DigestNews(Announcement):
    """A digest that is due, with what it tells."""

    subject: DigestDue

    def __init__(self, due: DigestDue, digest: Digest) -> None:
        self.subject = due
        self.begun_at = self.known_at = due.period.end
        self._digest = digest

    def plan(self, thread: ThreadRecord, subscription: Subscription | None, now: datetime) -> Plan:
        """Return the one message, unless there is nothing to tell."""
        if thread.root is not None:
            return Plan((), Reason.TOLD)
        if subscription is None or subscription.digest is None:
            return Plan((), Reason.NOT_SUBSCRIBED)
        if subscription.is_muted(now):
            return Plan((), Reason.MUTED)
        if self._digest.is_empty and not subscription.digest.even_if_empty:
            return Plan((), Reason.NOTHING_LEFT)
        return Plan((Step(Act.SAY, 1),), Reason.DUE)

    def message(self, due: DueStep) -> Message:
        return due.messages.of_digest(self._digest, due.now)
