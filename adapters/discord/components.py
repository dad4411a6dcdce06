"""Buttons and menus. Their ids say all that is needed, so they work for ever, after any restart."""

from __future__ import annotations

from typing import Any, cast

import discord

from adapters.discord.refs import BUTTON
from adapters.discord.responder import Responder, asked_by, log
from adapters.discord.settings_form import ACTION as SETTING
from adapters.discord.settings_form import chosen


def listen_to_presses(client: discord.Client, responder: Responder) -> None:
    """Register the listener on a client."""

    async def on_interaction(interaction: discord.Interaction) -> None:
        if interaction.type is not discord.InteractionType.component:
            return
        data = cast("dict[str, Any]", interaction.data or {})
        found = BUTTON.fullmatch(str(data.get("custom_id", "")))
        if found is None:
            log.info("discord.press_unknown")
            return
        asked = asked_by(interaction)
        action, value = found["action"], found["value"]
        if action == SETTING:
            await chosen(responder, asked, value, data)
            return
        await responder.serve(
            asked, lambda: responder.commands.press(asked.request(), action, value)
        )

    client.on_interaction = on_interaction  # type: ignore[attr-defined]  # how discord.py finds a listener
