"""Plans of what a channel is told of a page that cannot be read, and the loop that queues them.

The watcher keeps in its state since when it cannot see (`engine.blindness`); here it becomes one
message to each channel, and a second one, to those that got the first, once the page is back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from bot.delivery.announcement import Announcement, DueStep
from bot.delivery.state_fanout import StateFanOut
from bot.delivery.steps import FIRST, Act, Plan, Step
from bot.domain.blindness import Blindness
from bot.domain.message import Message
from bot.domain.state import State
from bot.domain.subscription import Channel, Reason, Subscription, ThreadRecord

log = structlog.get_logger()

LOOK_EVERY = 15.0  # seconds (guess)
# Nobody is told of a page that is seen again later than this, not even after an outage of ours.
FORGOTTEN_AFTER = timedelta(hours=2)  # guess
SEEN_AGAIN = "seen_again"  # the part that is the second message


class BlindnessNews(Announcement):
    """A blindness as it is now: one message, and a second one once it is over."""

    subject: Blindness

    def __init__(self, blindness: Blindness) -> None:
        self.subject = blindness
        self.begun_at = blindness.noticed_at
        self.known_at = blindness.ended_at or blindness.noticed_at

    def plan(self, thread: ThreadRecord, subscription: Subscription | None, now: datetime) -> Plan:
        """Return the one step that is missing, or none."""
        blindness = self.subject
        # Who was never told that it could not be seen is not told that it can.
        untold = thread.root and SEEN_AGAIN not in thread.replies
        if blindness.ended_at is not None and untold:
            return Plan((Step(Act.SAY, 2, part=SEEN_AGAIN),), Reason.DUE)
        if blindness.ended_at is not None or thread.root is not None:
            return Plan((), Reason.TOLD)
        if subscription is None or not subscription.matches_blindness(blindness):
            return Plan((), Reason.NOT_SUBSCRIBED)
        if subscription.is_muted(now):
            return Plan((), Reason.MUTED)
        if subscription.quiet and subscription.quiet.period_at(now):
            return Plan((), Reason.QUIET)  # part of what is said at its end
        return Plan((Step(Act.SAY, 1),), Reason.DUE)

    def message(self, due: DueStep) -> Message:
        return due.messages.of_blindness(due.step, self.subject, due.now)

    def keys(self, channel: Channel) -> Mapping[str, str]:
        key = f"{channel}/{self.subject.key}"
        return {FIRST: key, SEEN_AGAIN: f"{key}/{SEEN_AGAIN}"}


class BlindnessFanOut(StateFanOut):
    """The loop that queues the channels of each page that cannot be, or can again be, read."""

    name = "blindness"
    look_every = LOOK_EVERY

    async def queue_from(self, state: State) -> None:
        """Queue every channel that is not up to date with the last blindness of a page."""
        blindness = state.blindness
        if blindness is None:
            return
        ended = blindness.ended_at
        if ended is not None and self._clock() - ended > FORGOTTEN_AFTER:
            return
        if stale := await self._stream.enqueue(blindness):
            log.info("blindness.queued", subject=blindness.key, stale=stale)
