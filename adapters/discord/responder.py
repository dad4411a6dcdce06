"""Interactions on Discord: how one reaches the commands, and its answer whoever asked.

An interaction is deferred before anything else is done: Discord waits three seconds for that,
then a quarter of an hour for the answer. What is sent here counts against no limit of the bot.
https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import structlog

from adapters.chat.http import Json
from adapters.chat.responder import Responder
from adapters.chat.settings_form import FormError
from adapters.chat.text import size
from adapters.discord.attachment import Attachment, picture_of, showing
from adapters.discord.channels import Channels, Kind
from adapters.discord.command_names import clickable
from adapters.discord.errors import INTERACTION_OVER, DiscordRefused, meaning
from adapters.discord.interaction import DiscordInteraction
from adapters.discord.markup import DESCRIPTION
from adapters.discord.render import body_of, render
from adapters.discord.rest import RestClient
from adapters.discord.settings_form import menus
from bot.commands import Answer, SubscriptionChange
from bot.domain.errors import DeliveryError, Malformed, StoreError, Uncertain
from bot.domain.message import Lines, Message, Text, ThreadLink
from bot.messages.text import notice
from bot.messenger import Messenger

log = structlog.get_logger()

DEFER_SECONDS: Final = 1.2  # two attempts fit into the three seconds
PRIVATE: Final = 1 << 6
# Types of a first answer: that one will come, that the message will change, or a modal.
ANSWER_LATER, CHANGE_LATER, OPEN_MODAL = 5, 6, 9
_SILENT: Final[Json] = {"parse": []}
_WEBHOOK: Final = "/webhooks/{webhook_id}/{webhook_token}"


class KeyValue(Protocol):
    """Remembers small texts for ever, for all replicas. Both raise `StoreError`."""

    async def read(self, name: str) -> str | None: ...

    async def write(self, name: str, text: str) -> None: ...


@dataclass(frozen=True)
class DiscordResponder(Responder[DiscordInteraction]):
    """Answers by the interaction's own webhook."""

    messenger: Messenger
    channels: Channels
    rest: RestClient
    keyvalue: KeyValue
    # By name; filled once they are registered.
    command_ids: dict[str, str] = field(default_factory=dict)

    async def serve(
        self,
        interaction: DiscordInteraction,
        work: Callable[[], Awaitable[Answer]],
        *,
        shared: bool = False,
    ) -> None:
        """Defer the interaction, do the work, answer. Nothing escapes but cancellation."""
        if await self.defer(interaction, shared=shared):
            await self.respond(interaction, await self.answer(work, interaction.picked))

    async def serve_settings(
        self,
        interaction: DiscordInteraction,
        read: Callable[[], SubscriptionChange | None] = lambda: None,
        *,
        kind: int = ANSWER_LATER,
    ) -> None:
        """Carry out the change that `read` returns, if any; answer with the settings and menus."""
        if not await self.defer(interaction, kind=kind):
            return

        async def work() -> Answer:
            try:
                change = read()
            except FormError as error:
                return Answer(notice(f"{error.says} Nothing was changed", emoji="❓"))
            if change is None:
                return await self.commands.answer(interaction.request("subscriptions"))
            return await self.commands.subscribe(interaction.request(), change)

        answer = await self.answer(work, interaction.picked)
        try:
            now = await self.subscriptions.get(interaction.channel)
        except StoreError:
            await self.respond(interaction, answer)
        else:
            rows = menus(self.catalog, interaction.channel, now)
            await self.respond(interaction, answer, *rows)

    async def defer(
        self, interaction: DiscordInteraction, *, shared: bool = False, kind: int = ANSWER_LATER
    ) -> bool:
        """Tell Discord that an answer comes. False: too late, or another replica answers.

        It doubles as the mark that the interaction is taken: Discord accepts one such answer.
        """
        private = kind == ANSWER_LATER and not shared
        return await self.first_answer(interaction, kind, {"flags": PRIVATE} if private else None)

    async def first_answer(
        self, interaction: DiscordInteraction, kind: int, data: Json | None
    ) -> bool:
        """Send the first answer, for which Discord waits three seconds. False: it was not taken."""
        body: Json = {"type": kind, **({"data": data} if data else {})}
        for _ in range(2):
            try:
                await self.rest.call(
                    "POST",
                    "/interactions/{interaction_id}/{webhook_token}/callback",
                    body,
                    seconds=DEFER_SECONDS,
                    interaction_id=interaction.id,
                    webhook_token=interaction.token,
                )
            except DiscordRefused as refused:
                log.info("discord.interaction_not_deferred", code=refused.code)
                return False
            except Uncertain:
                return True  # if it was not taken, the answer will be refused
            except DeliveryError as error:
                log.info("discord.interaction_not_deferred", reason=error.reason)
            else:
                return True
        return False

    async def respond(self, interaction: DiscordInteraction, answer: Answer, *menus: Json) -> None:
        """See `Responder.respond`. `menus` are rows of components above the buttons."""
        message = answer.message
        if not interaction.is_in_guild:
            # Only the person who installed the bot hears it there: no subscriptions.
            buttons = tuple(b for b in message.buttons if b.action != "subscribe")
            message = replace(message, buttons=buttons)
        rendered = render(message, interaction.guild)
        rendered = replace(rendered, components=(*menus, *rendered.components)[:5])
        body = body_of(rendered)
        try:
            try:
                picture = await picture_of(message.chart) if body["embeds"] else None
                await self._fill_in(interaction, body, picture)
            except Malformed as error:
                log.warning("discord.answer_malformed", reason=error.reason)
                plain = render(replace(message, blocks=(), buttons=()))
                await self._fill_in(interaction, body_of(plain))
        except DeliveryError as error:
            log.warning("discord.answer_lost", reason=error.reason)
        if answer.public is not None:
            await self.announce(interaction, answer.public)

    async def say(self, interaction: DiscordInteraction, message: Message) -> None:
        if await self.channels.kind(interaction.channel) is Kind.FORUM:
            # A post of its own would be too much for a line: it is said where it was asked.
            where = Lines(((Text("In "), ThreadLink(interaction.channel.id)),))
            await self.follow_up(interaction, replace(message, blocks=(*message.blocks, where)))
            return
        key = f"say/{interaction.channel}/{interaction.id}"
        await self.messenger.say(interaction.channel, message, key)

    async def follow_up(self, interaction: DiscordInteraction, message: Message) -> None:
        """Answer the interaction for all to see: it may where the bot may not write."""
        body = {**self._clickable(body_of(render(message))), "allowed_mentions": _SILENT}
        try:
            await self.rest.call(
                "POST",
                _WEBHOOK,
                body,
                webhook_id=interaction.application,
                webhook_token=interaction.token,
            )
        except (DiscordRefused, DeliveryError) as error:
            log.info("discord.announcement_lost", reason=str(error))

    def _clickable(self, body: Json) -> Json:
        """Return the body with commands to click in its embeds, where they fit."""
        embeds = []
        for embed in body["embeds"]:
            text = clickable(embed.get("description", ""), self.command_ids)
            fits = text and size(text) <= DESCRIPTION
            embeds.append({**embed, "description": text} if fits else embed)
        return {**body, "embeds": embeds}

    async def _fill_in(
        self, interaction: DiscordInteraction, body: Json, picture: Attachment | None = None
    ) -> None:
        """Put the answer in place of the deferred one; where its picture is refused, without."""
        if picture is not None:
            try:
                await self._edit(interaction, showing(body, picture), picture)
            except Malformed as error:
                log.info("discord.picture_refused", reason=error.reason)
            else:
                return
        await self._edit(interaction, body, None)

    async def _edit(
        self, interaction: DiscordInteraction, body: Json, picture: Attachment | None
    ) -> None:
        try:
            await self.rest.call(
                "PATCH",
                f"{_WEBHOOK}/messages/@original",
                {**self._clickable(body), "allowed_mentions": _SILENT},
                attachment=picture,
                webhook_id=interaction.application,
                webhook_token=interaction.token,
            )
        except DiscordRefused as refused:
            if refused.code not in INTERACTION_OVER:
                raise meaning(refused) from None
