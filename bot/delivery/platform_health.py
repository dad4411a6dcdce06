"""Tracks whether each platform accepts messages, and announces outages of one on the others.

Attempts report how each call ended. A platform is in trouble when nothing got through for a minute
although it was tried; one answer of any kind ends that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from bot.domain.errors import DeliveryError
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messages.text import notice
from bot.messenger import Messenger
from bot.ports import Clock

log = structlog.get_logger()

TROUBLE_AFTER = 60.0  # seconds without an answer, though it was tried (guess)
FORGOTTEN_AFTER = 1800.0  # seconds without another try: nobody knows any more (guess)
CHECK_EVERY = 5.0

# Tells the operator something about this platform (its id), somewhere else.
Announce = Callable[[str, Message], Awaitable[None]]


@dataclass(slots=True)
class PlatformHealth:
    """Outages of platforms, by what attempts report. Called, it returns who is in trouble."""

    monotonic: Callable[[], float]  # seconds
    labels: Mapping[str, str] = field(default_factory=dict)  # platform → what people call it
    # The first and the last failure since the last answer, by platform.
    _failing: dict[str, tuple[float, float]] = field(default_factory=dict)

    def report(self, platform: str, error: DeliveryError | None = None) -> None:
        """Take note of how a call ended; a refusal is an answer too."""
        if error is None or not error.is_outage:
            self._failing.pop(platform, None)
            return
        now = self.monotonic()
        first, _ = self._failing.get(platform, (now, now))
        self._failing[platform] = (first, now)

    def __call__(self) -> list[str]:
        now = self.monotonic()
        return [
            platform
            for platform, (first, last) in self._failing.items()
            if now - first >= TROUBLE_AFTER and now - last < FORGOTTEN_AFTER
        ]

    def words(self, besides: str) -> list[str]:
        """Return a sentence for each outage of another platform than this."""
        return [self._outage_words(platform) for platform in self() if platform != besides]

    async def run(self, announce: Announce | None) -> None:
        """Log when an outage begins and ends, and `announce` it. Runs until cancelled."""
        announced: set[str] = set()
        while True:
            await asyncio.sleep(CHECK_EVERY)
            now = set(self())
            for platform in sorted(now - announced):
                log.warning("platform.outage", platform=platform)
                if announce is not None:
                    await announce(platform, notice(self._outage_words(platform), emoji="⚠️"))
            for platform in sorted(announced - now):
                log.info("platform.recovered", platform=platform)
                if announce is not None:
                    words = f"{self._label(platform)} takes messages again"
                    await announce(platform, notice(words, emoji="✅"))
            announced = now

    def _outage_words(self, platform: str) -> str:
        return f"{self._label(platform)} seems to be having trouble: messages there are waiting"

    def _label(self, platform: str) -> str:
        return self.labels.get(platform, platform)


def announcing_in(messenger: Messenger, channel: Channel, clock: Clock) -> Announce:
    """Return what announces outages of the other platforms in a channel of this one."""

    async def announce(platform: str, message: Message) -> None:
        if platform == messenger.platform:
            return
        try:
            await messenger.say(channel, message, f"trouble/{platform}/{clock().isoformat()}")
        except DeliveryError as error:
            log.warning("platform.outage_not_told", on=messenger.platform, reason=error.reason)

    return announce
