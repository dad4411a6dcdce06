"""Subjects that are told outside threads: what they have in common for whoever delivers them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.delivery.cache import MessageCache
from bot.delivery.queue import Subject
from bot.delivery.steps import FIRST, Act, Plan, Step, apply
from bot.domain.message import Message
from bot.domain.subscription import Channel, Reason, Subscription, ThreadRecord


@dataclass(frozen=True, slots=True)
class DueStep:
    """A step that is carried out now, with what its message may say."""

    step: Step
    thread: ThreadRecord  # what stands there
    subscription: Subscription | None  # of the destination; None: it has none
    now: datetime
    messages: MessageCache


class Announcement(ABC):
    """A subject with everything that its plan needs. Its record has `root` once it was told."""

    subject: Subject
    # When the first of its messages may have been sent, and since when it is known to us.
    begun_at: datetime
    known_at: datetime
    # Where the platform cannot be searched: send again what may stand there already?
    better_twice = False
    # Of its first message. Where a record has another one, that was another message.
    revision = 0

    @abstractmethod
    def plan(
        self, thread: ThreadRecord, subscription: Subscription | None, now: datetime
    ) -> Plan: ...

    @abstractmethod
    def message(self, due: DueStep) -> Message: ...

    def mention(self, subscription: Subscription) -> str | None:
        """Return whom a step calls that calls somebody."""
        return subscription.mention

    def is_final(self, reason: Reason) -> bool:
        """Return whether its destination is up to date; False: the next look asks again."""
        del reason
        return True

    def keys(self, channel: Channel) -> Mapping[str, str]:
        """Return the delivery key of each of its messages by the `part` of the step."""
        return {FIRST: f"{channel}/{self.subject.key}"}

    def found(self, thread: ThreadRecord, part: str, message: str) -> ThreadRecord:
        """Return the record with a message that was searched for."""
        return apply(thread, Step(Act.SAY, self.revision, part=part), message)
