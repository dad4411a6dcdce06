"""What every REST handler gets: the world, the gateway, and one request."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord import payloads, spec
from tests.servers.discord.gateway import Gateway
from tests.servers.discord.limits import Buckets
from tests.servers.discord.permissions import BITS
from tests.servers.discord.refusals import Refused
from tests.servers.discord.world import Channel, Json, Message, User, World


@dataclass(slots=True)
class Call:
    """One request, read: path parameters, query and JSON body."""

    method: str
    route: str
    params: dict[str, str]
    query: dict[str, str]
    body: Any

    def id(self, name: str) -> int:
        if not self.params[name].isdigit():
            raise Refused(50035, f"{name} is no snowflake")
        return int(self.params[name])


@dataclass(slots=True)
class Api:
    """The parts that the handlers work with."""

    world: World
    gateway: Gateway
    buckets: Buckets
    interactions: "dict[str, Any]" = field(default_factory=dict)


Answer = tuple[int, Any]
Handler = Callable[[Api, Call], Awaitable[Answer]]
Route = tuple[str, str, Handler]

_USER = re.compile(r"(?<!\\)<@!?(\d+)>")
_ROLE = re.compile(r"(?<!\\)<@&(\d+)>")
_ALL = re.compile(r"@(everyone|here)")


def check_message(body: Json, *, allow_empty: bool = False) -> None:
    """Refuse a message body that breaks a documented limit, or says nothing."""
    if broken := spec.limits_broken(body):
        raise Refused(50035, broken)
    says = any(body.get(key) for key in ("content", "embeds", "components", "attachments"))
    if not says and not allow_empty:
        raise Refused(50006)


def pinged(world: World, channel: Channel, body: Json) -> list[str]:
    """Return whom this message notifies: `@<user>`, `&<role>`, `@everyone`.

    Only text outside embeds can; allowed_mentions narrows it, its absence does not.
    """
    text = "\n".join([body.get("content") or "", *_displays(body.get("components") or [])])
    allowed = body.get("allowed_mentions")
    parse = (
        set((allowed or {}).get("parse") or ())
        if allowed is not None
        else {"users", "roles", "everyone"}
    )
    users = {str(u) for u in (allowed or {}).get("users") or ()}
    roles = {str(r) for r in (allowed or {}).get("roles") or ()}
    out = [f"@{u}" for u in _USER.findall(text) if "users" in parse or u in users]
    guild = world.guilds.get(channel.guild) if channel.guild else None
    may_all = bool(world.may(channel) & BITS["mention_everyone"])
    for role in _ROLE.findall(text):
        known = guild.roles.get(int(role)) if guild else None
        if known and (known.mentionable or may_all) and ("roles" in parse or role in roles):
            out.append(f"&{role}")
    if _ALL.search(text) and "everyone" in parse and may_all:
        out.append("@everyone")
    return list(dict.fromkeys(out))


def _displays(components: list[Json]) -> list[str]:
    out = []
    for one in components:
        if one["type"] == 10:
            out.append(one["content"])
        out += _displays(one.get("components") or [])
    return out


async def store(api: Api, channel: Channel, body: Json, *, author: User | None = None) -> Message:
    """Put a new message into a channel and tell nobody but the store."""
    world = api.world
    message = Message(world.new_id(), channel.id, author or world.bot, world.clock(), body)
    message.pinged = pinged(world, channel, body)
    channel.messages[message.id] = message
    channel.last_message = message.id
    channel.sent += 1
    return message


async def unarchive(api: Api, thread: Channel) -> None:
    """Posting into an archived thread brings it back."""
    if thread.archived:
        thread.archived = False
        thread.archived_at = api.world.clock()
        await thread_event(api, thread, "THREAD_UPDATE")


async def thread_event(api: Api, thread: Channel, name: str) -> None:
    guild = api.world.guilds[thread.guild or 0]
    await api.gateway.guild_event(guild, name, payloads.thread(api.world, thread))
