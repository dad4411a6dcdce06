"""Tracks whether each platform accepts messages, and announces outages of one on the others.

`MonitoredMessenger` wraps a messenger and changes nothing of what it does. A platform is in trouble
when nothing got through for a minute although it was tried; one answer of any kind ends that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import structlog

from bot.domain.errors import DeliveryError, RateLimited, Uncertain
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messages.text import notice
from bot.ports import Access, Bucket, Messenger

log = structlog.get_logger()
T = TypeVar("T")

TROUBLE_AFTER = 60.0  # seconds without a word, though it was tried
FORGOTTEN_AFTER = 1800.0  # seconds without another try: nobody knows any more
LOOK_EVERY = 5.0
NAMES = {"slack": "Slack", "discord": "Discord", "terminal": "The terminal"}

Tell = Callable[[str, Message], Awaitable[None]]


class MonitoredMessenger:
    """A messenger that remembers since when nothing got through. `monotonic` gives seconds."""

    def __init__(self, messenger: Messenger, monotonic: Callable[[], float]) -> None:
        self._messenger = messenger
        self._monotonic = monotonic
        self._failing: tuple[float, float] | None = None  # the first and the last failure
        self.platform = messenger.platform
        self.channel_interval = messenger.channel_interval
        self.closes_threads = messenger.closes_threads

    @property
    def in_trouble(self) -> bool:
        if self._failing is None:
            return False
        first, last = self._failing
        now = self._monotonic()
        return now - first >= TROUBLE_AFTER and now - last < FORGOTTEN_AFTER

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        return self._messenger.buckets(channel, revising=revising)

    async def open_thread(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        return await self._heard(self._messenger.open_thread(channel, card, key, mention=mention))

    async def reply(
        self,
        channel: Channel,
        root: str,
        card: Message,
        key: str,
        *,
        in_channel: bool = False,
        mention: str | None = None,
    ) -> str:
        sent = self._messenger.reply(
            channel, root, card, key, in_channel=in_channel, mention=mention
        )
        return await self._heard(sent)

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        await self._heard(self._messenger.revise(channel, root, message, card, key))

    async def close_thread(self, channel: Channel, root: str) -> None:
        await self._heard(self._messenger.close_thread(channel, root))

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        return await self._heard(self._messenger.find(channel, root, keys, since))

    async def access(self, channel: Channel) -> Access:
        return await self._heard(self._messenger.access(channel))

    async def say(self, channel: Channel, card: Message, key: str) -> None:
        await self._heard(self._messenger.say(channel, card, key))

    async def _heard(self, call: Awaitable[T]) -> T:
        """Note whether the platform answered; a refusal is an answer too."""
        try:
            answer = await call
        except asyncio.CancelledError:
            self._failed()  # it took longer than the courier waits
            raise
        except DeliveryError as error:
            if _is_silence(error):
                self._failed()
            else:
                self._failing = None
            raise
        self._failing = None
        return answer

    def _failed(self) -> None:
        now = self._monotonic()
        first = self._failing[0] if self._failing else now
        self._failing = (first, now)


def _is_silence(error: DeliveryError) -> bool:
    """No answer, or one that stops everything: not a word about this channel or message."""
    if isinstance(error, RateLimited):
        return error.bucket is not None
    # The general class and what an adapter derives from it: not reached, did nothing.
    passing = (
        DeliveryError in type(error).__bases__ and type(error).__module__ != "bot.domain.errors"
    )
    return isinstance(error, Uncertain) or type(error) is DeliveryError or passing


class PlatformHealth:
    """Which platforms are in trouble, and telling of it on the others."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._attended: list[MonitoredMessenger] = []
        self._told: set[str] = set()

    def attend(self, messenger: Messenger) -> MonitoredMessenger:
        """Return the messenger to send by, so that this hears how it goes."""
        attended = MonitoredMessenger(messenger, self._monotonic)
        self._attended.append(attended)
        return attended

    def __call__(self) -> list[str]:
        return [one.platform for one in self._attended if one.in_trouble]

    async def run(self, tell: Tell | None) -> None:
        """Log when it begins and ends, and `tell` (for the operator's terminal)."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = set(self())
            for platform in sorted(now - self._told):
                log.warning("platform.trouble", platform=platform)
                if tell is not None and platform != "terminal":
                    await tell(platform, notice(outage_words(platform), emoji="⚠️"))
            for platform in sorted(self._told - now):
                log.info("platform.well_again", platform=platform)
                if tell is not None and platform != "terminal":
                    words = f"{NAMES.get(platform, platform)} takes messages again"
                    await tell(platform, notice(words, emoji="✅"))
            self._told = now


def outage_words(platform: str) -> str:
    name = NAMES.get(platform, platform)
    return f"{name} seems to be having trouble: messages there are waiting"
