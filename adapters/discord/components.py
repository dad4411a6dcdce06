"""Components: buttons, menus, the modal. Their ids say all that is needed; they work for ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final, cast

import discord

from adapters.discord.command_names import MANAGE
from adapters.discord.errors import DiscordRefused
from adapters.discord.interaction import DiscordInteraction
from adapters.discord.refs import BUTTON
from adapters.discord.responder import CHANGE_LATER, OPEN_MODAL, DiscordResponder, log
from adapters.discord.rest import RestClient
from adapters.discord.settings_form import ACTION, PICK, TIMES, change_of, modal, picker
from bot.commands import Answer, SubscriptionChange
from bot.commands.shared import not_allowed
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.subscription import Channel
from bot.messages.text import notice

_CHANGING: Final = frozenset({ACTION, "subscribe"})
_KINDS: Final = (discord.InteractionType.component, discord.InteractionType.modal_submit)
_READ_SECONDS: Final = 1.0  # of the three that Discord waits


def listen_to_components(client: discord.Client, responder: DiscordResponder) -> None:
    """Register the listener on a client."""

    async def on_interaction(raw: discord.Interaction) -> None:
        if raw.type not in _KINDS:
            return
        data = cast("dict[str, Any]", raw.data or {})
        found = BUTTON.fullmatch(str(data.get("custom_id", "")))
        if found is None:
            log.info("discord.component_unknown")
            return
        interaction = DiscordInteraction.of(raw)
        action, value = found["action"], found["value"]
        # The menu, or the modal, says which setting, and of which channel.
        field, _, number = value.partition("/")
        there = Channel("discord", interaction.channel.tenant, number)
        if action == ACTION and field != PICK and not number.isdigit():
            return
        if (action, field, raw.type) == (ACTION, TIMES, discord.InteractionType.component):
            # Who may change it is asked for when it is sent.
            await open_modal(responder, interaction.to(there))
            return
        if action in _CHANGING and not interaction.may_manage and interaction.is_in_guild:
            may = await allowed_by_server(responder.rest, raw)
            interaction = replace(interaction, may_manage=may)
        if (action, field) == (ACTION, PICK):
            await pick(responder, interaction, data.get("values"))
            return
        if action == ACTION:

            def read() -> SubscriptionChange | None:
                return change_of(field, data, there.tenant)

            await responder.serve_settings(interaction.to(there), read, kind=CHANGE_LATER)
            return
        await responder.serve(
            interaction, lambda: responder.commands.press(interaction.request(), action, value)
        )

    client.on_interaction = on_interaction  # type: ignore[attr-defined]  # how discord.py finds a listener


async def pick(
    responder: DiscordResponder, interaction: DiscordInteraction, picked: list[str] | None
) -> None:
    """Offer the channels; subscribe the one that was picked, and show its settings."""
    if picked:
        there = replace(interaction.channel, id=picked[0])
        to = interaction.to(there)
        await responder.serve_settings(to, SubscriptionChange, kind=CHANGE_LATER)
    elif await responder.defer(interaction):
        refusal = not_allowed(interaction.request())
        if refusal:
            await responder.respond(interaction, refusal)
        else:
            asked = Answer(notice("Which channel shall I tell?", emoji="🔔"))
            await responder.respond(interaction, asked, picker())


async def open_modal(responder: DiscordResponder, interaction: DiscordInteraction) -> None:
    """Open the modal with what holds now; where nothing is known, show the settings as they are.

    A modal can only be the first answer, within three seconds.
    """
    try:
        async with asyncio.timeout(_READ_SECONDS):
            now = await responder.subscriptions.get(interaction.channel)
    except (StoreError, TimeoutError):
        now = None
    if now is None:
        await responder.serve_settings(interaction, kind=CHANGE_LATER)
        return
    await responder.first_answer(interaction, OPEN_MODAL, modal(interaction.channel, now))


async def allowed_by_server(rest: RestClient, raw: discord.Interaction) -> bool:
    """Return whether the server's integration settings let somebody use /claudewatch.

    Discord enforces them for commands, and leaves components to us. A setting of the command goes
    before one of the whole app; one of the person before those of roles.
    https://docs.discord.com/developers/interactions/application-commands#permissions
    """
    application = str(raw.application_id)
    path = "/applications/{application_id}"
    try:
        commands = await rest.read_list(f"{path}/commands", application_id=application)
        rules = await rest.read_list(
            f"{path}/guilds/{{guild_id}}/commands/permissions",
            application_id=application,
            guild_id=raw.guild_id or 0,
        )
    except (DiscordRefused, DeliveryError) as error:
        log.info("discord.permissions_unknown", reason=str(error))
        return False
    command = next((str(one["id"]) for one in commands if one.get("name") == MANAGE), "")
    by_target = {str(rule["id"]): rule["permissions"] for rule in rules}
    allowed = {
        str(one["id"]): bool(one["permission"])
        for one in by_target.get(command) or by_target.get(application) or ()
    }
    person = str(raw.user.id)
    # As Discord told them: roles are not all cached, so that `Member.roles` lacks some.
    roles = [str(raw.guild_id), *map(str, getattr(raw.user, "_roles", ()))]
    return allowed.get(person, any(allowed.get(role, False) for role in roles))
