"""How somebody's question reaches the commands, and how the answer gets back to them.

An interaction is held (deferred) before anything else is done: Discord waits three seconds for
that, then a quarter of an hour for the answer. What is sent here counts against no limit of the
bot. https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import discord
import structlog

from adapters.discord.channels import Kind
from adapters.discord.errors import INTERACTION_OVER, DiscordRefused, meaning
from adapters.discord.messenger import NO_GUILD, DiscordMessenger
from adapters.discord.render import body_of, render
from adapters.discord.rest import Json, RestClient
from bot.catalog.catalog import Catalog
from bot.commands import Answer, Commands, Request
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.errors import DeliveryError, Malformed, Uncertain
from bot.domain.message import Lines, Message, Text, ThreadLink
from bot.domain.subscription import Channel
from bot.ports import Clock, Subscriptions

log = structlog.get_logger()

HOLD_SECONDS: Final = 1.2  # two tries fit into the three seconds
PRIVATE: Final = 1 << 6
SAY_LATER, CHANGE_LATER = 5, 6
_SILENT: Final[Json] = {"parse": []}
_ORIGINAL: Final = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
_SORRY: Final = "Something went wrong on my side; nothing was changed. Try again in a moment."


class Deduplicator(Protocol):
    """Remembers names for ten minutes, for all replicas."""

    async def first(self, name: str) -> bool:
        """Whether nobody asked for this name before.

        Raises:
            StoreError: it cannot be told.
        """
        ...


class KeyValue(Protocol):
    """Remembers small texts for ever, for all replicas. Both raise `StoreError`."""

    async def read(self, name: str) -> str | None: ...

    async def write(self, name: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class DiscordInteraction:
    """One interaction: who did something, where, and how to answer."""

    id: int
    token: str
    application: int
    channel: Channel
    user: str
    user_name: str
    may_manage: bool
    guild: int | None
    at_home: bool  # the bot is in that guild, or it is a conversation with it

    def request(self, text: str = "", *, channel: Channel | None = None) -> Request:
        return Request(
            channel or self.channel, self.user, self.user_name, text, may_manage=self.may_manage
        )

    def to(self, channel: Channel | None) -> DiscordInteraction:
        return replace(self, channel=channel) if channel else self


def asked_by(interaction: discord.Interaction) -> DiscordInteraction:
    """Read an interaction. In a thread it is the channel around it that is meant."""
    guild = interaction.guild_id
    place = interaction.channel
    number = interaction.channel_id or 0
    if isinstance(place, discord.Thread):
        number = place.parent_id or number
    known = guild is None or interaction.client.get_guild(guild) is not None
    return DiscordInteraction(
        id=interaction.id,
        token=interaction.token,
        application=interaction.application_id,
        channel=Channel("discord", str(guild) if guild else NO_GUILD, str(number)),
        user=str(interaction.user.id),
        user_name=interaction.user.display_name,
        may_manage=guild is None or interaction.permissions.manage_guild,
        guild=guild,
        at_home=known,
    )


@dataclass(frozen=True)
class Responder:
    """What everything that answers people works with."""

    commands: Commands
    messenger: DiscordMessenger
    wire: RestClient
    subscriptions: Subscriptions
    reach: ChannelLifecycle
    seen: Deduplicator
    notes: KeyValue
    catalog: Catalog
    clock: Clock

    async def serve(
        self,
        asked: DiscordInteraction,
        work: Callable[[], Awaitable[Answer]],
        *,
        shared: bool = False,
    ) -> None:
        """Hold the interaction, do the work, answer. Nothing escapes but cancellation."""
        if not await self.hold(asked, shared=shared):
            return
        answer = await self.worked(work)
        await self.give(asked, answer)

    async def worked(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            return await work()
        except DeliveryError as error:
            return Answer(Message(_SORRY, f"{_SORRY} ({error.reason})"))
        except Exception as error:  # whoever asked gets an answer all the same
            # The type alone: an error's text may quote what somebody wrote.
            log.error("discord.command_failed", error=type(error).__name__)  # noqa: TRY400
            return Answer(Message(_SORRY, _SORRY))

    async def hold(
        self, asked: DiscordInteraction, *, shared: bool = False, kind: int = SAY_LATER
    ) -> bool:
        """Tell Discord that an answer comes. False: too late, or somebody else answers.

        It doubles as the mark that the interaction is taken: Discord accepts one such answer.
        """
        body: Json = {"type": kind}
        if kind == SAY_LATER and not shared:
            body["data"] = {"flags": PRIVATE}
        path = "/interactions/{interaction_id}/{webhook_token}/callback"
        for again in (True, False):
            try:
                await self.wire.call(
                    "POST",
                    path,
                    body,
                    seconds=HOLD_SECONDS,
                    free=True,
                    interaction_id=asked.id,
                    webhook_token=asked.token,
                )
            except DiscordRefused as refused:
                log.info("discord.interaction_not_held", code=refused.code)
                return False
            except Uncertain:
                return True  # if it was not taken, the answer will be refused
            except DeliveryError as error:
                log.info("discord.interaction_not_held", reason=error.reason)
                if not again:
                    return False
            else:
                return True
        return False

    async def give(
        self, asked: DiscordInteraction, answer: Answer, extra: tuple[Json, ...] = ()
    ) -> None:
        """Bring the answer to the one who asked, and the public line to the channel."""
        card = answer.message if asked.at_home else _without_subscribing(answer.message)
        drawn = render(card, asked.guild)
        body = body_of(replace(drawn, components=(*extra, *drawn.components)[:5]))
        try:
            await self._original(asked, body)
        except Malformed as error:
            log.warning("discord.answer_malformed", reason=error.reason)
            plain = render(replace(card, blocks=(), buttons=()))
            await self._try_original(asked, body_of(plain))
        except DeliveryError as error:
            log.info("discord.answer_lost", reason=error.reason)
        if answer.public is not None:
            await self.announce(asked, answer.public)

    async def _try_original(self, asked: DiscordInteraction, body: Json) -> None:
        try:
            await self._original(asked, body)
        except DeliveryError as error:
            log.warning("discord.answer_lost", reason=error.reason)

    async def _original(self, asked: DiscordInteraction, body: Json) -> None:
        """Fill in the held answer; repeated once, since that changes nothing."""
        sent = {**body, "allowed_mentions": _SILENT}
        for again in (True, False):
            try:
                await self.wire.call(
                    "PATCH",
                    _ORIGINAL,
                    sent,
                    free=True,
                    webhook_id=asked.application,
                    webhook_token=asked.token,
                )
            except DiscordRefused as refused:
                if refused.code in INTERACTION_OVER:
                    return
                raise meaning(refused) from None
            except Uncertain:
                if not again:
                    raise
            else:
                return

    async def announce(self, asked: DiscordInteraction, card: Message) -> None:
        """One line for everybody in the channel, best effort."""
        try:
            if await self.messenger.places.kind(int(asked.channel.id)) is Kind.FORUM:
                # A post of its own would be too much for a line: it is said where it was asked.
                where = Lines(((Text("In "), ThreadLink(asked.channel.id)),))
                await self._follow_up(asked, replace(card, blocks=(*card.blocks, where)))
                return
            await self.messenger.say(asked.channel, card, f"say/{asked.channel}/{asked.id}")
        except Uncertain:
            return
        except DeliveryError as error:
            # Where the bot may not write, the interaction itself still speaks.
            log.info("discord.line_refused", channel=str(asked.channel), reason=error.reason)
            await self._follow_up(asked, card)

    async def _follow_up(self, asked: DiscordInteraction, card: Message) -> None:
        body = {**body_of(render(card)), "allowed_mentions": _SILENT}
        path = "/webhooks/{webhook_id}/{webhook_token}"
        params: dict[str, str | int] = {
            "webhook_id": asked.application,
            "webhook_token": asked.token,
        }
        try:
            await self.wire.call("POST", path, body, free=True, **params)  # type: ignore[arg-type]  # mypy counts `seconds` in
        except (DiscordRefused, DeliveryError) as error:
            log.info("discord.line_lost", reason=str(error))


def _without_subscribing(card: Message) -> Message:
    """Where the bot itself is not, only the person who installed it hears it: no subscriptions."""
    buttons = tuple(b for b in card.buttons if b.action != "subscribe")
    return replace(card, buttons=buttons) if len(buttons) < len(card.buttons) else card
