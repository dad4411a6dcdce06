"""The port to a chat platform, as small protocols. Errors are those of `bot.domain.errors` only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.domain.message import Message
from bot.domain.subscription import Channel


@dataclass(frozen=True, slots=True)
class Bucket:
    """A limit that several channels share: `rate` a second, at most `burst` at once."""

    name: str
    rate: float
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Access:
    """May the bot speak in a channel, and if not, what must a person do?"""

    ok: bool
    problem: str = ""
    advice: str = ""


class Pins(Protocol):
    """Pins a platform's messages. Methods raise `DeliveryError`, `MessageGone` among them."""

    async def problem(self, channel: Channel) -> str:
        """Return why nothing can be pinned there, as far as is known; "": something can."""
        ...

    async def pin(self, channel: Channel, message: str) -> str:
        """Pin a message of ours; repeating it is harmless. Returns why it is not; "": it is."""
        ...

    async def unpin(self, channel: Channel, message: str) -> None:
        """Repeating it, or unpinning what is not pinned, is harmless."""
        ...


class Messenger(Protocol):
    """Speaks to one chat platform. References (`root`, messages) are opaque strings of its own.

    `key` names a delivery for ever. A messenger must be able to find by it what it sent, as far
    as its platform lets it. The same `card` object is sent to many channels: draw it once.

    Every method may raise any `DeliveryError`; `Uncertain` only if something may have happened.
    """

    platform: str
    # Shortest time in seconds between two messages to one channel; 0 for none.
    channel_interval: float
    # Whether ended threads are closed (`close_thread`) on this platform.
    closes_threads: bool
    # Whether `find` is rationed, so that it is worth a note which channels were written to.
    rationed: bool

    @property
    def pins(self) -> Pins | None:
        """Return what pins messages; None: only people do."""
        ...

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        """Shared limits that a message to this channel counts against (may be none).

        `revising`: those of changing a message, where the platform counts them apart.
        """
        ...

    def at_once(self, channel: Channel, ready: int) -> int:
        """Return how many calls at one time are worth while for the tenant of this channel.

        `ready`: how many channels there are to be served.
        """
        ...

    async def open_thread(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        """Post the root of a thread, and make the thread where that is a step of its own."""
        ...

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
        """Post into the thread; `in_channel`: shown to the whole channel as well."""
        ...

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        """Put `card` in place of what `message` shows (the root itself when it equals `root`).

        `root` "": the message stands outside any thread. Repeating it is harmless, and nobody is
        notified.
        """
        ...

    async def close_thread(self, channel: Channel, root: str) -> None:
        """Nothing more is expected there. Repeating it is harmless."""
        ...

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        """Look for our messages with these keys sent at `since` or later.

        `root` None: in the channel itself (roots); else in that thread. What is absent from the
        answer does not stand there.

        Raises:
            RateLimited: looking is rationed; try again then, and do not send meanwhile.
            CannotLook: there is no way to look here (no permission to read history).
        """
        ...

    async def access(self, channel: Channel) -> Access:
        """Find out whether the bot may post there, without posting."""
        ...

    async def say(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        """Post outside any thread; returns the message's reference."""
        ...


@runtime_checkable
class ReplacesThreads(Protocol):
    """A messenger that begins another thread where the one of a root is closed to it."""

    def begins_thread(self, message: str) -> bool:
        """Return whether what was sent as a reply is the root of another thread."""
        ...


@runtime_checkable
class Direct(Protocol):
    """A messenger that can write to one person alone."""

    async def direct(self, channel: Channel, person: str) -> Channel:
        """Return where to write to somebody who was met in `channel`.

        Raises:
            DeliveryError: it cannot be found out.
        """
        ...


@runtime_checkable
class Named(Protocol):
    """A messenger of a platform whose people have names there, and can be called."""

    async def name_of(self, channel: Channel, person: str) -> str:
        """Return how a person (the platform's id) is called where `channel` is; outside text.

        Raises:
            DeliveryError: it cannot be found out.
        """
        ...
