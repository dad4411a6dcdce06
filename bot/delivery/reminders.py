"""Reminders ("tell me when it's back"): when one is due, and what is sent for it. Pure.

A reminder lies with its destination until it was told or a week has passed. Fan-out makes the
destination stale while `is_due`; the worker asks again here before it sends, so that nobody is
told of a surface that went down once more in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.delivery.announcement import Announcement, DueStep
from bot.delivery.steps import FIRST, Act, Plan, Step
from bot.domain.evidence import Verdict
from bot.domain.message import Message
from bot.domain.subscription import Channel, Reason, Reminder, Subscription, ThreadRecord

EXPIRES_AFTER = timedelta(days=7)  # guess

VerdictOf = Callable[[str], Verdict | None]  # by surface; None: not known at all


class ReminderNews(Announcement):
    """A reminder, with what is up now."""

    subject: Reminder

    def __init__(self, reminder: Reminder, verdict_of: VerdictOf) -> None:
        self.subject = reminder
        self.begun_at = self.known_at = reminder.asked_at
        self._verdict_of = verdict_of

    def plan(self, thread: ThreadRecord, subscription: Subscription | None, now: datetime) -> Plan:
        del subscription
        return plan_reminder(self.subject, thread, self._verdict_of, now)

    def message(self, due: DueStep) -> Message:
        return due.messages.of_reminder(self.subject, due.now)

    def keys(self, channel: Channel) -> Mapping[str, str]:
        del channel
        return {FIRST: reminder_key(self.subject)}


def is_due(reminder: Reminder, verdict_of: VerdictOf, now: datetime) -> bool:
    """Tell whether its destination should be looked at: to be told, or to forget it."""
    return _reason(reminder, verdict_of, now) is not Reason.NOT_BACK


def plan_reminder(
    reminder: Reminder, thread: ThreadRecord, verdict_of: VerdictOf, now: datetime
) -> Plan:
    """Return the one step, or none. `thread.root` is set once it was carried out."""
    if thread.root is not None:
        return Plan((), Reason.TOLD)
    reason = _reason(reminder, verdict_of, now)
    return Plan((Step(Act.SAY, 0),) if reason is Reason.DUE else (), reason)


def is_over(reason: Reason) -> bool:
    """Tell whether a reminder with this reason is to be forgotten."""
    return reason in {Reason.TOLD, Reason.EXPIRED}


def reminder_key(reminder: Reminder) -> str:
    """Return the delivery key: asked again after it was sent, it is another message."""
    return f"back/{reminder.id}/{int(reminder.asked_at.timestamp())}"


def _reason(reminder: Reminder, verdict_of: VerdictOf, now: datetime) -> Reason:
    if now - reminder.asked_at > EXPIRES_AFTER:
        return Reason.EXPIRED
    for surface in reminder.surfaces:
        verdict = verdict_of(surface)
        if verdict is None or not verdict.is_up:
            return Reason.NOT_BACK
    return Reason.DUE
