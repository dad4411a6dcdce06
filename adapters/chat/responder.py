"""The frame of answering people in a chat: each interaction once, always an answer.

A platform provides a subclass with its own kind of interaction: how an answer reaches the person
who asked (`respond`), how a line reaches the channel (`say`), and how that line is brought there
through the interaction where the bot itself may not write (`follow_up`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from adapters.chat.naming import naming
from bot.catalog.catalog import Catalog
from bot.commands import Answer, Commands
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.errors import DeliveryError, StoreError, Uncertain
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.ports import Clock, Subscriptions

log = structlog.get_logger()
SORRY = "Something went wrong on my side; nothing was changed. Try again in a moment."


class Deduplicator(Protocol):
    """Remembers names for ten minutes, for all replicas."""

    async def first(self, name: str) -> bool:
        """Return whether nobody asked for this name before.

        Raises:
            StoreError: it cannot be told.
        """
        ...


class Interaction(Protocol):
    """Somebody typed, chose or pressed something in `channel`."""

    @property
    def channel(self) -> Channel: ...


I_contra = TypeVar("I_contra", bound=Interaction, contravariant=True)


@dataclass(frozen=True)
class Responder(ABC, Generic[I_contra]):
    """Runs commands for the interactions of one platform and brings their answers back."""

    platform: str
    commands: Commands
    subscriptions: Subscriptions
    lifecycle: ChannelLifecycle
    deduplicator: Deduplicator
    catalog: Catalog
    clock: Clock

    @abstractmethod
    async def respond(self, interaction: I_contra, answer: Answer) -> None:
        """Bring the answer to whoever asked, and its public line to the channel.

        Best effort: what fails is logged.
        """

    @abstractmethod
    async def say(self, interaction: I_contra, message: Message) -> None:
        """Post one message for everybody in the channel.

        Raises:
            DeliveryError: it was not posted; Uncertain: it may have been.
        """

    @abstractmethod
    async def follow_up(self, interaction: I_contra, message: Message) -> None:
        """Show a message to everybody through the interaction. Best effort."""

    async def is_new(self, name: str) -> bool:
        """Return whether this event was not handled yet; an empty name is always new.

        Where the store cannot tell it is taken for new: an answer twice is better than none.
        """
        if not name:
            return True
        try:
            return await self.deduplicator.first(f"{self.platform}/{name}")
        except StoreError:
            return True

    async def answer(
        self, work: Callable[[], Awaitable[Answer]], picked: Channel | None = None
    ) -> Answer:
        """Return the answer of `work`, or an apology. Raises nothing but cancellation.

        `picked`: the channel that it is about was picked, so the answer names it.
        """
        try:
            answer = await work()
        except DeliveryError as error:
            return Answer(Message(SORRY, f"{SORRY} ({error.reason})"))
        except Exception as error:  # whoever asked gets an answer all the same
            # The type alone: an error's text may quote what somebody wrote.
            log.error(  # noqa: TRY400 - a traceback may hold a token or a text
                "command.failed", platform=self.platform, error=type(error).__name__
            )
            return Answer(Message(SORRY, SORRY))
        return naming(answer, picked) if picked else answer

    async def announce(self, interaction: I_contra, message: Message) -> None:
        """Show one line to everybody in the channel, best effort."""
        channel = str(interaction.channel)
        try:
            await self.say(interaction, message)
        except Uncertain as error:
            # It may stand there: rather no line than two.
            log.info("announcement.unconfirmed", channel=channel, reason=error.reason)
        except DeliveryError as error:
            log.info("announcement.refused", channel=channel, reason=error.reason)
            await self.follow_up(interaction, message)
