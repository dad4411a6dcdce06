"""A messenger without a network, which notes when each channel was told."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messenger import Access, Bucket

RATE, BURST = 50.0, 10  # messages a second of one workspace
ANSWER = 0.005  # seconds


@dataclass
class Silent:
    """A messenger that takes everything after a moment, and notes when each channel was told."""

    platform: str
    channel_interval: float = 0.0
    closes_threads: bool = False
    pins: None = None
    rationed: bool = False
    told: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    at: dict[Channel, float] = field(default_factory=dict)

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        del revising
        if self.platform == "discord":
            return ()
        return (Bucket(channel.owner, RATE, BURST),)

    def at_once(self, channel: Channel, ready: int) -> int:
        del channel, ready
        return 64

    async def open_thread(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        del card, mention
        await asyncio.sleep(ANSWER)
        self.told[key] += 1
        self.order.append(key)
        self.at[channel] = time.monotonic()
        return "1"

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
        raise NotImplementedError

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        raise NotImplementedError

    async def close_thread(self, channel: Channel, root: str) -> None:
        raise NotImplementedError

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        """Return what stands there, as a claim that ended too late is looked at."""
        del channel, root, since
        return {key: "1" for key in keys if key in self.told}

    async def access(self, channel: Channel) -> Access:
        del channel
        return Access(ok=True)

    async def say(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        raise NotImplementedError
