"""Login, gateway addresses, guilds, channels, application commands."""

from typing import Any

from tests.servers.discord import payloads
from tests.servers.discord.api import Answer, Api, Call, Route
from tests.servers.discord.refusals import Refused
from tests.servers.discord.world import Channel, Json, Kind


async def current_user(api: Api, _call: Call) -> Answer:
    return 200, payloads.me(api.world)


async def current_application(api: Api, _call: Call) -> Answer:
    return 200, payloads.application(api.world)


async def gateway(api: Api, _call: Call) -> Answer:
    return 200, {"url": api.gateway.url}


async def gateway_bot(api: Api, _call: Call) -> Answer:
    limit = {
        "total": 1000,
        "remaining": max(0, 1000 - api.gateway.identifies),
        "reset_after": 86_400_000,
        "max_concurrency": api.gateway.max_concurrency,
    }
    shards = api.gateway.shards
    return 200, {"url": api.gateway.url, "shards": shards, "session_start_limit": limit}


async def my_guilds(api: Api, _call: Call) -> Answer:
    mine = [g for g in api.world.guilds.values() if g.bot_is_in]
    return 200, [
        {
            "id": str(g.id),
            "name": g.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": "0",
            "features": [],
        }
        for g in mine
    ]


async def get_guild(api: Api, call: Call) -> Answer:
    guild = api.world.guilds.get(call.id("guild_id"))
    if guild is None or not guild.bot_is_in:
        raise Refused(10004)
    return 200, payloads.guild(api.world, guild)


async def guild_channels(api: Api, call: Call) -> Answer:
    guild = api.world.guilds.get(call.id("guild_id"))
    if guild is None or not guild.bot_is_in:
        raise Refused(10004)
    return 200, [payloads.channel(api.world, c) for c in guild.channels.values()]


async def guild_member(api: Api, call: Call) -> Answer:
    guild = api.world.guilds.get(call.id("guild_id"))
    if guild is None or not guild.bot_is_in:
        raise Refused(10004)
    user = call.id("user_id")
    if user not in guild.members:
        raise Refused(10003)
    return 200, payloads.member(api.world, guild, user, api.world.clock())


async def active_threads(api: Api, call: Call) -> Answer:
    guild = api.world.guilds.get(call.id("guild_id"))
    if guild is None or not guild.bot_is_in:
        raise Refused(10004)
    active = [t for t in guild.threads.values() if not t.archived and api.world.may(t)]
    threads = [payloads.thread(api.world, t) for t in reversed(active)]
    return 200, {"threads": threads, "members": [], "has_more": False}


async def get_channel(api: Api, call: Call) -> Answer:
    channel = api.world.channel(call.id("channel_id"))
    api.world.require(channel)
    return 200, payloads.channel(api.world, channel)


async def open_dm(api: Api, call: Call) -> Answer:
    who = int(call.body["recipient_id"])
    for channel in api.world.channels.values():
        if channel.kind is Kind.DM and channel.recipient == who:
            return 200, payloads.channel(api.world, channel)
    channel = Channel(api.world.new_id(), Kind.DM, "", None, recipient=who)
    api.world.channels[channel.id] = channel
    return 200, payloads.channel(api.world, channel)


async def get_commands(api: Api, _call: Call) -> Answer:
    return 200, api.world.commands


async def put_commands(api: Api, call: Call) -> Answer:
    api.world.command_writes += 1
    written: list[Any] = call.body or []
    if len({c["name"] for c in written}) != len(written):
        raise Refused(50035, "Application command names must be unique")
    for command in written:
        if command.get("type", 1) == 1 and _weight(command) > 8000:
            raise Refused(50035, "a command holds more than 8000 characters")
    api.world.commands = [_stored(api, command) for command in written]
    return 200, api.world.commands


async def get_command_permissions(api: Api, call: Call) -> Answer:
    guild = api.world.guilds.get(call.id("guild_id"))
    if guild is None or not guild.bot_is_in:
        raise Refused(50001)
    kept = api.world.command_permissions.get(guild.id, {})
    return 200, [
        {
            "id": str(target),
            "application_id": str(api.world.application),
            "guild_id": str(guild.id),
            "permissions": [
                {"id": str(who), "type": 1 if who in guild.roles else 2, "permission": allowed}
                for who, allowed in rules.items()
            ],
        }
        for target, rules in kept.items()
    ]


def _weight(node: Json) -> int:
    own = len(node.get("name") or "") + len(str(node.get("description") or ""))
    choices = sum(len(c["name"]) + len(str(c["value"])) for c in node.get("choices") or [])
    return own + choices + sum(_weight(option) for option in node.get("options") or [])


def _stored(api: Api, command: Json) -> Json:
    number = payloads.command_id(command["name"], api.world.application)
    permissions = command.get("default_member_permissions")
    return {
        "id": str(number),
        "application_id": str(api.world.application),
        "version": str(api.world.new_id()),
        "type": command.get("type", 1),
        "name": command["name"],
        "description": command.get("description") or "",
        "default_member_permissions": None if permissions is None else str(permissions),
        "nsfw": bool(command.get("nsfw")),
        "contexts": command.get("contexts"),
        "integration_types": command.get("integration_types") or [0],
        "options": [_option(option) for option in command.get("options") or []],
    }


def _option(option: Json) -> Json:
    kept = {k: v for k, v in option.items() if v is not None}
    if "options" in kept:
        kept["options"] = [_option(inner) for inner in kept["options"]]
    return kept


ROUTES: list[Route] = [
    ("GET", "/users/@me", current_user),
    ("GET", "/oauth2/applications/@me", current_application),
    ("GET", "/applications/@me", current_application),
    ("GET", "/gateway", gateway),
    ("GET", "/gateway/bot", gateway_bot),
    ("GET", "/users/@me/guilds", my_guilds),
    ("POST", "/users/@me/channels", open_dm),
    ("GET", "/guilds/{guild_id}", get_guild),
    ("GET", "/guilds/{guild_id}/channels", guild_channels),
    ("GET", "/guilds/{guild_id}/members/{user_id}", guild_member),
    ("GET", "/guilds/{guild_id}/threads/active", active_threads),
    ("GET", "/channels/{channel_id}", get_channel),
    ("GET", "/applications/{application_id}/commands", get_commands),
    ("PUT", "/applications/{application_id}/commands", put_commands),
    (
        "GET",
        "/applications/{application_id}/guilds/{guild_id}/commands/permissions",
        get_command_permissions,
    ),
]
