"""What a platform hands to the commands, and what it gets back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from bot.domain.message import Message
from bot.domain.subscription import Channel, ThreadRecord


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody typed, chose or pressed something in a channel.

    `user` is the platform's own id of the person, opaque to us, `user_name` how they are shown
    (outside text). `text` is what follows the command's name, as it was typed. `may_manage`:
    the platform lets this person change what the channel gets.
    """

    channel: Channel
    user: str
    user_name: str
    text: str = ""
    may_manage: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """`card` goes to the one who asked, or to the whole channel when `shared`.

    `public` is one short line for the channel after a change (who, what); None where nothing
    changed. It is posted as an ordinary message, best effort.
    """

    card: Message
    public: Message | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick while typing: `value` comes back, `label` is shown."""

    value: str
    label: str


class Keep(Enum):
    """For structured changes: leave this setting as it is (None would clear it)."""

    KEEP = "keep"


KEEP = Keep.KEEP


class Threads(Protocol):
    """What stands where, read only."""

    async def thread(self, channel: Channel, incident: str) -> ThreadRecord | None:
        """The record of this incident (its key) in that channel; None: nothing was sent.

        Raises:
            StoreError: Redis did not answer.
        """
        ...


# A command that another part of the bot adds: the request, and the words after the verb.
Handler = Callable[[Request, str], Awaitable[Answer]]
