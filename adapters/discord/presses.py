"""Buttons and menus. Their ids say all that is needed, so they work for ever, after any restart."""

from __future__ import annotations

from typing import Any, cast

import discord

from adapters.discord.desk import Desk, asked_by, log
from adapters.discord.refs import BUTTON
from adapters.discord.settings import ACTION as SETTING
from adapters.discord.settings import chosen


def listen_to_presses(client: discord.Client, desk: Desk) -> None:
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
            await chosen(desk, asked, value, data)
            return
        await desk.serve(asked, lambda: desk.commands.press(asked.request(), action, value))

    client.on_interaction = on_interaction  # type: ignore[attr-defined]  # how discord.py finds a listener
