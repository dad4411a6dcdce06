"""Registers the slash commands, only when they changed: Discord takes 200 a day."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Final

import structlog
from discord import app_commands

from adapters.discord.errors import DiscordRefused
from adapters.discord.responder import KeyValue
from adapters.discord.rest import Json, RestClient
from bot.domain.errors import DeliveryError, StoreError

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
_COMMANDS: Final = "/applications/{application_id}/commands"


def payload_of(tree: app_commands.CommandTree) -> list[Json]:
    return [dict(command.to_dict(tree)) for command in tree.get_commands()]


def digest_of(payload: list[Json]) -> str:
    text = json.dumps(payload, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


async def sync_commands(wire: RestClient, notes: KeyValue, tree: app_commands.CommandTree) -> None:
    """Register them if Discord does not have exactly these; tried until it worked."""
    pause = FIRST_PAUSE
    while True:
        try:
            await _sync_once(wire, notes, tree)
        except (DiscordRefused, DeliveryError, StoreError) as error:
            log.warning("discord.commands_not_registered", reason=str(error), again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        else:
            return


async def _sync_once(wire: RestClient, notes: KeyValue, tree: app_commands.CommandTree) -> None:
    client = wire.client
    if client is None or client.application_id is None:
        raise DeliveryError("not connected")
    application = client.application_id
    payload = payload_of(tree)
    note, digest = f"discord/commands/{application}", digest_of(payload)
    if await notes.read(note) == digest and await _are_there(wire, application, payload):
        return
    await wire.replace(_COMMANDS, payload, application_id=application)
    await notes.write(note, digest)
    log.info("discord.commands_registered", count=len(payload))


async def _are_there(wire: RestClient, application: int, payload: list[Json]) -> bool:
    """They may have been removed at Discord since."""
    there = await wire.read(_COMMANDS, application_id=application)
    return {command["name"] for command in payload} <= {str(one.get("name")) for one in there}
