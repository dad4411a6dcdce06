"""The bot's presence: the verdict beside its name, in every list of members."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Final

import discord
import structlog

from adapters.discord.interaction import NO_GUILD
from adapters.discord.responder import DiscordResponder
from bot.commands import Request
from bot.domain.message import EMOJI
from bot.domain.page import Severity
from bot.domain.subscription import Channel

log = structlog.get_logger()

# Discord takes five changes in 20 seconds; how often the verdict is looked up is a guess.
LOOKUP_SECONDS: Final = 20.0
_UNTIL_READY_SECONDS: Final = 1.0
_NOWHERE: Final = Channel("discord", NO_GUILD, "0")


async def keep_presence(responder: DiscordResponder, clients: Collection[discord.Client]) -> None:
    """Show the verdict on the clients of the moment, one a shard, until cancelled."""
    shown: dict[discord.Client, str] = {}
    # The one that is watched first: a presence has room for one.
    name, provider = next(iter(responder.catalog.providers.items()))
    while True:
        ready = [client for client in clients if client.is_ready()]
        shown = {client: text for client, text in shown.items() if client in ready}
        if ready:
            answer = await responder.answer(
                lambda: responder.commands.answer(Request(_NOWHERE, "", "", name))
            )
            severity = answer.message.severity or Severity.UNKNOWN
            text = f"{EMOJI[severity]} {provider.label} {severity.words}"
            for client in ready:
                if shown.get(client) == text:
                    continue
                try:
                    await client.change_presence(activity=discord.CustomActivity(text[:128]))
                    shown[client] = text
                except (OSError, discord.DiscordException, AttributeError) as error:
                    # Not connected at this moment; the next round finds it again.
                    log.debug("discord.presence_not_shown", error=type(error).__name__)
        await asyncio.sleep(
            LOOKUP_SECONDS if len(shown) == len(clients) > 0 else _UNTIL_READY_SECONDS
        )
