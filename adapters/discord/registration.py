"""Registration of the slash commands, only when they changed: Discord takes 200 a day."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Final

import structlog
from discord import app_commands

from adapters.discord.errors import DiscordRefused
from adapters.discord.responder import KeyValue
from adapters.discord.rest import RestClient
from bot.domain.errors import DeliveryError, StoreError

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
_COMMANDS: Final = "/applications/{application_id}/commands"


async def register_commands(
    rest: RestClient, keyvalue: KeyValue, tree: app_commands.CommandTree, application: int
) -> dict[str, str]:
    """Register the commands of `tree` if Discord does not have these; try until it worked.

    Returns their ids by name.
    """
    payload = [dict(command.to_dict(tree)) for command in tree.get_commands()]
    text = json.dumps(payload, sort_keys=True, default=str)
    name, digest = f"discord/commands/{application}", hashlib.sha256(text.encode()).hexdigest()
    pause = FIRST_PAUSE
    while True:
        try:
            ids: dict[str, str] = {}
            if await keyvalue.read(name) == digest:
                ids = await _registered(rest, application)
            # They may have been removed at Discord since.
            if not {command["name"] for command in payload} <= ids.keys():
                await rest.call("PUT", _COMMANDS, payload, application_id=application)
                await keyvalue.write(name, digest)
                log.info("discord.commands_registered", count=len(payload))
                ids = await _registered(rest, application)
        except (DiscordRefused, DeliveryError, StoreError) as error:
            log.warning("discord.commands_not_registered", reason=str(error), again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        else:
            return ids


async def _registered(rest: RestClient, application: int) -> dict[str, str]:
    there = await rest.read_list(_COMMANDS, application_id=application)
    return {str(one.get("name")): str(one.get("id")) for one in there}
