"""Moments that fall due at a channel's own times, and the loop that makes it stale then.

The store keeps for each channel the next moment at which to look. Looking may be repeated, by any
replica and however late: what was told is known by the channel's record of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from bot.delivery.queue import Queue, Subject
from bot.delivery.quiet_end import QuietEnd
from bot.domain.digest import DigestDue
from bot.domain.subscription import Channel, Subscription
from bot.loops.periodic import StoreLoop
from bot.ports import Clock, IncidentStore, Subscriptions

log = structlog.get_logger()

Due = QuietEnd | DigestDue
LOOK_EVERY = 5.0  # seconds (guess)


@dataclass(frozen=True, slots=True)
class Appointment:
    """A channel to look at, because of its own times, from `at` on."""

    channel: Channel
    at: datetime


class Timetable(Protocol):
    """When to look at which channel next. Every method may raise `StoreError`."""

    async def due(self, now: datetime) -> Sequence[Appointment]:
        """Return the first of those whose time has come."""
        ...

    async def advance(self, appointment: Appointment, following: datetime | None) -> None:
        """Look again at `following` (None: never), unless its times were changed meanwhile."""
        ...


def due_now(subscription: Subscription, now: datetime) -> list[Due]:
    """Return what fell due last, of each kind; what was told of it already is told no more."""
    ended = subscription.quiet.last_ended(now) if subscription.quiet else None
    due = subscription.digest.last(now) if subscription.digest else None
    return [*([QuietEnd(ended)] if ended else []), *([DigestDue(due)] if due else [])]


def next_due(subscription: Subscription, now: datetime) -> datetime | None:
    """Return when to look at a channel again; None: nothing is ever due."""
    moments = [
        subscription.quiet.next_end(now) if subscription.quiet else None,
        subscription.digest.next(now) if subscription.digest else None,
    ]
    return min((moment for moment in moments if moment is not None), default=None)


class ScheduleFanOut(StoreLoop):
    """The loop: channels whose time has come are queued, and get their next time."""

    def __init__(
        self,
        timetable: Timetable,
        subscriptions: Subscriptions,
        incident_store: IncidentStore,
        queue: Queue,
        providers: Sequence[str],
        clock: Clock,
        *,
        interval: float = LOOK_EVERY,
    ) -> None:
        super().__init__("schedule", interval)
        self._timetable = timetable
        self._subscriptions = subscriptions
        self._incident_store = incident_store
        self._queue = queue
        self._providers = providers
        self._clock = clock

    async def queue_due(self) -> bool:
        """Queue the channels whose time has come. Returns whether there were any.

        Raises:
            StoreError: the store did not answer; the rest is found at the next pass.
        """
        now = self._clock()
        due = await self._timetable.due(now)
        for appointment in due:
            subscription = await self._subscriptions.get(appointment.channel)
            following = None
            if subscription is not None:
                subjects = due_now(subscription, now)
                if subjects:
                    put_off = await self._put_off(subscription, subjects)
                    await self._queue.mark_stale(appointment.channel, [*subjects, *put_off])
                    log.info("schedule.queued", channel=str(appointment.channel))
                following = next_due(subscription, now)
            # Not before it is queued: what a crash leaves is found again.
            await self._timetable.advance(appointment, following)
        return bool(due)

    async def _put_off(self, subscription: Subscription, due: Sequence[Due]) -> list[Subject]:
        """Return the incidents of the quiet hours: their threads go on now."""
        found: list[Subject] = []
        ends = [one for one in due if isinstance(one, QuietEnd)]
        for provider in self._providers:
            for end in ends:
                history = await self._incident_store.history(provider, end.period.start)
                found += [
                    incident
                    for incident in history
                    if incident.events and subscription.matches(incident)
                    if incident.events[-1].observed_at >= end.period.start
                ]
        return found
