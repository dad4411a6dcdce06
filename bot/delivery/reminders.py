"""Tell me when it's back: one press, one message, once.

Level-triggered: a wish says who waits for which surfaces; the loop looks again and again whether
they are up, and then tells. A try is noted before anything is sent; who finds one
noted looks on the platform whether it arrived, before sending again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import structlog

from bot.domain.errors import (
    CannotLook,
    ChannelGone,
    DeliveryError,
    Malformed,
    MessageGone,
    StoreError,
    TenantGone,
    Uncertain,
)
from bot.domain.evidence import Verdict
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.subscription import Channel
from bot.ports import Clock, Messenger

log = structlog.get_logger()

FORGOTTEN_AFTER = timedelta(days=7)
LEASE = timedelta(minutes=1)
AGAIN = timedelta(minutes=2)  # after a failure that will pass
INTERVAL = 15.0  # seconds between looks


@dataclass(frozen=True, slots=True)
class Reminder:
    """`person` (the platform's id) wants to hear once that all these surfaces are up.

    `channel` is where to tell them: their direct messages with the bot.
    """

    channel: Channel
    person: str
    surfaces: tuple[str, ...]
    asked_at: datetime

    @property
    def id(self) -> str:
        text = f"{self.channel.owner}/{self.person}/{' '.join(sorted(self.surfaces))}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @property
    def key(self) -> str:
        """Names the message for ever: another press after it was sent is another message."""
        return f"back/{self.id}/{int(self.asked_at.timestamp())}"


@dataclass(frozen=True, slots=True)
class ReminderClaim:
    """`tried_at`: somebody claimed it before and did not settle it; it may have been sent."""

    reminder: Reminder
    tried_at: datetime | None


class ReminderStore(Protocol):
    async def add(self, reminder: Reminder) -> bool:
        """Keep it. False: this person waits for the same already.

        Raises:
            StoreError: Redis did not answer (as from every method here).
        """
        ...

    async def all(self) -> list[Reminder]: ...

    async def claim(
        self, reminder: Reminder, now: datetime, lease: timedelta
    ) -> ReminderClaim | None:
        """Take it for `lease`, noting that it is tried. None: gone, or somebody else has it."""
        ...

    async def settle(self, reminder: Reminder) -> None:
        """It was told, or never can be: forget it."""
        ...

    async def later(self, reminder: Reminder, due: datetime, tried_at: datetime | None) -> None:
        """Nothing was sent now: try again when due. `tried_at` None: surely nothing ever was."""
        ...


@runtime_checkable
class Direct(Protocol):
    """A messenger that can write to one person alone."""

    async def direct(self, channel: Channel, person: str) -> Channel:
        """Where to write to somebody who was met in `channel`.

        Raises:
            DeliveryError: it cannot be found out.
        """
        ...


# The verdict of a surface as its page and all other evidence have it; None: not known at all.
Judge = Callable[[str], Awaitable[Verdict | None]]


@dataclass(slots=True)
class ReminderSender:
    """Fulfils wishes. Several replicas may run one each."""

    reminders: ReminderStore
    judge: Judge
    messengers: Mapping[str, Messenger]
    card: Callable[[Reminder, datetime], Message]
    clock: Clock
    interval: float = INTERVAL
    hint: asyncio.Event = field(default_factory=asyncio.Event)
    _store_failing: bool = False

    async def run(self) -> None:
        while True:
            try:
                await self.pass_over()
                self._store_failing = False
            except StoreError as error:
                if not self._store_failing:
                    log.warning("wishes.not_read", reason=str(error))
                self._store_failing = True
            self.hint.clear()
            try:
                await asyncio.wait_for(self.hint.wait(), self.interval)
            except TimeoutError:
                continue

    async def pass_over(self) -> None:
        """Tell everybody whose surfaces are up.

        Raises:
            StoreError: Redis did not answer; the rest is found at the next pass.
        """
        up: dict[str, bool] = {}
        for reminder in await self.reminders.all():
            if self.clock() - reminder.asked_at > FORGOTTEN_AFTER:
                await self.reminders.settle(reminder)
                continue
            for surface in reminder.surfaces:
                if surface not in up:
                    up[surface] = is_back(await self.judge(surface))
            known = reminder.channel.platform in self.messengers
            if known and all(up[surface] for surface in reminder.surfaces):
                await self._fulfil(reminder)

    async def _fulfil(self, reminder: Reminder) -> None:
        claim = await self.reminders.claim(reminder, self.clock(), LEASE)
        if claim is None:
            return
        messenger = self.messengers[reminder.channel.platform]
        try:
            if claim.tried_at is None or not await self._stands(messenger, claim):
                card = self.card(reminder, self.clock())
                await messenger.say(reminder.channel, card, reminder.key)
        except (ChannelGone, TenantGone, MessageGone, Malformed) as error:
            log.info("wish.dropped", platform=reminder.channel.platform, reason=error.reason)
        except Uncertain:
            tried_at = claim.tried_at or self.clock()
            await self.reminders.later(reminder, self.clock() + AGAIN, tried_at)
            return
        except DeliveryError as error:
            log.info("wish.later", platform=reminder.channel.platform, reason=error.reason)
            await self.reminders.later(reminder, self.clock() + AGAIN, claim.tried_at)
            return
        await self.reminders.settle(reminder)

    async def _stands(self, messenger: Messenger, claim: ReminderClaim) -> bool:
        """Did an earlier try arrive? Other errors than these pass: it is looked for again later."""
        reminder = claim.reminder
        since = claim.tried_at or reminder.asked_at
        try:
            found = await messenger.find(reminder.channel, None, [reminder.key], since)
        except CannotLook:
            # Said once too often is worse here than not at all: who waits sees the thread too.
            return True
        return reminder.key in found


def is_back(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.severity is Severity.UP and not verdict.suspected
