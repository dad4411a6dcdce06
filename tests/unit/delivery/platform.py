"""A platform in memory: it numbers what it takes, and refuses what it is told to refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messenger import Access, Bucket

HERE = Channel("chat", "T1", "C1")


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the platform, as far as people could tell."""

    what: str
    title: str = ""
    key: str = ""
    place: str | None = None  # the thread, or the message that is changed
    in_channel: bool = False
    mention: str | None = None
    plain: bool = False


@dataclass
class Platform:
    """Takes messages, and numbers them. `failing`: what the next calls of a kind raise.

    `lost`: the same, for calls whose message is taken all the same.
    """

    platform: str = "chat"
    channel_interval: float = 0.0
    closes_threads: bool = True
    rationed: bool = False
    pins: None = None
    limits: dict[bool, list[Bucket]] = field(default_factory=dict)  # by "revising"
    failing: dict[str, list[Exception]] = field(default_factory=dict)
    lost: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    searches: list[tuple[str | None, set[str], datetime]] = field(default_factory=list)
    stands: dict[str, str] = field(default_factory=dict)  # key → message
    stuck: bool = False

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        assert channel == HERE
        return self.limits.get(revising, [])

    def at_once(self, channel: Channel, ready: int) -> int:
        return 8

    async def open_thread(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        return await self._take("open", channel, card, key, mention=mention)

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
        return await self._take(
            "reply", channel, card, key, place=root, in_channel=in_channel, mention=mention
        )

    async def say(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        return await self._take("say", channel, card, key, mention=mention)

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        await self._take("revise", channel, card, key, place=f"{root}>{message}")

    async def close_thread(self, channel: Channel, root: str) -> None:
        await self._take("close", channel, None, "", place=root)

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        assert channel == HERE
        self.searches.append((root, set(keys), since))
        self._fail(self.failing, "find")
        return {key: self.stands[key] for key in keys if key in self.stands}

    async def access(self, channel: Channel) -> Access:
        return Access(ok=True)

    async def _take(
        self, what: str, channel: Channel, card: Message | None, key: str, **seen: Any
    ) -> str:
        assert channel == HERE
        self._fail(self.failing, what)
        if self.stuck:
            await asyncio.Event().wait()
        title = card.title if card else ""
        plain = card is not None and card.plain == "plain"
        self.calls.append(Call(what, title, key, plain=plain, **seen))
        number = f"m{len(self.calls)}"
        if what in {"open", "reply", "say"}:
            self.stands.setdefault(key, number)
        self._fail(self.lost, what)
        return number

    def _fail(self, errors: dict[str, list[Exception]], what: str) -> None:
        if errors.get(what):
            raise errors[what].pop(0)

    def said(self, *whats: str) -> list[str]:
        """Return the titles of what was taken, of these kinds alone if any are named."""
        return [call.title or call.what for call in self.calls if not whats or call.what in whats]
