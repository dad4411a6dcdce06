"""Components: buttons and menus. Their ids say all that is needed, so they work for ever."""

from __future__ import annotations

from typing import Any, cast

import discord

from adapters.discord.refs import BUTTON
from adapters.discord.responder import CHANGE_LATER, DiscordInteraction, DiscordResponder, log
from adapters.discord.settings_form import ACTION, change_of
from bot.domain.subscription import Channel


def listen_to_components(client: discord.Client, responder: DiscordResponder) -> None:
    """Register the listener on a client."""

    async def on_interaction(raw: discord.Interaction) -> None:
        if raw.type is not discord.InteractionType.component:
            return
        data = cast("dict[str, Any]", raw.data or {})
        found = BUTTON.fullmatch(str(data.get("custom_id", "")))
        if found is None:
            log.info("discord.component_unknown")
            return
        interaction = DiscordInteraction.of(raw)
        action, value = found["action"], found["value"]
        if action == ACTION:
            # The menu says which setting, and of which channel.
            field, _, number = value.partition("/")
            if number.isdigit():
                there = Channel("discord", interaction.channel.tenant, number)
                change = change_of(field, data, there.tenant)
                await responder.serve_settings(interaction.to(there), change, kind=CHANGE_LATER)
            return
        await responder.serve(
            interaction, lambda: responder.commands.press(interaction.request(), action, value)
        )

    client.on_interaction = on_interaction  # type: ignore[attr-defined]  # how discord.py finds a listener
