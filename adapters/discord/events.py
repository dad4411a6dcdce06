"""Gateway events, read by us: into the table of guilds, and on to whoever listens.

discord.py would keep every guild, channel, role and thread as objects. It gets only what begins a
session and what people do; all else is read here or dropped.
https://docs.discord.com/developers/events/gateway-events
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Set
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

import discord
import structlog

from adapters.chat.http import Json
from adapters.discord.errors import DiscordRefused
from adapters.discord.guilds import Guild, GuildTable
from adapters.discord.rest import RestClient
from bot.domain.errors import DeliveryError

log = structlog.get_logger()

# All others are dropped.
_READ: Final = (
    "INTERACTION_CREATE",
    "GUILD_CREATE",
    "GUILD_DELETE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "GUILD_MEMBER_UPDATE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_LIST_SYNC",
    "THREAD_DELETE",
)
_TEXT: Final = 0
_MOST_GREETED: Final = 3  # channels that are tried, one after another: a guess


@dataclass(frozen=True, slots=True)
class Arrival:
    """A guild that the bot is in: told of anew, or joined."""

    guild: str
    joined_at: datetime | None
    channels: tuple[str, ...]  # where the bot may write, the best place for a greeting first


class GuildListener(Protocol):
    """Hears of guilds, channels and permissions that come and go."""

    async def guilds_listed(self, guilds: Set[str], shard: int, shards: int) -> None:
        """A session of this shard began; `guilds` are those that the bot is in at any time."""

    async def guild_joined(self, arrival: Arrival) -> None: ...

    async def guild_available(self, arrival: Arrival) -> None: ...

    async def guild_removed(self, guild: str) -> None: ...

    async def rights_changed(self, guild: str) -> None:
        """The bot's roles changed, or what they may do."""

    async def channel_changed(self, guild: str, channel: str) -> None: ...

    async def channel_deleted(self, guild: str, channel: str) -> None: ...


class SessionEvents:
    """Reads the events of one client; `listener` hears what is not only for the table."""

    def __init__(
        self,
        client: discord.Client,
        rest: RestClient,
        table: GuildTable,
        listener: GuildListener | None = None,
    ) -> None:
        self._client = client
        self._rest = rest
        self._table = table
        self._listener = listener
        self._listed: set[str] = set()  # guilds of the session
        self._telling: set[asyncio.Task[None]] = set()
        parsers = client._connection.parsers
        self._theirs = dict(parsers)
        parsers.clear()
        parsers.update({name: partial(self.read, name) for name in _READ})
        parsers["RESUMED"] = self._theirs["RESUMED"]
        # Without this one there is no session, so what is wrong with it ends it.
        parsers["READY"] = self.ready

    @property
    def _me(self) -> str:
        return str(self._client.user.id) if self._client.user else ""

    async def close(self) -> None:
        """End what listeners do. What was told is kept: another session may follow at once."""
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    def _tell(self, heard: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(heard)
        self._telling.add(task)
        task.add_done_callback(self._told)

    def _told(self, task: asyncio.Task[None]) -> None:
        self._telling.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The type alone: its text may quote what somebody wrote.
            log.error("discord.listener_failed", error=type(error).__name__)

    def read(self, name: str, data: Json) -> None:
        """Read an event; drop one that cannot be read, or the session would end."""
        try:
            match name:
                case "INTERACTION_CREATE":
                    self._theirs[name](data)
                case "GUILD_CREATE" if "roles" in data:  # else it is unavailable
                    self._guild_told(data)
                case "GUILD_DELETE":
                    self._guild_gone(data)
                case "GUILD_ROLE_UPDATE" | "GUILD_ROLE_DELETE" | "GUILD_MEMBER_UPDATE":
                    self._rights_told(data)
                case "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "CHANNEL_DELETE":
                    self._channel_told(data, deleted=name == "CHANNEL_DELETE")
                case _:
                    self._table.put_threads(name, data, self._me)
        except Exception as error:  # discord.py raises any kind over an odd event
            # Its text may quote what somebody wrote.
            log.error("discord.event_unreadable", type=name, error=type(error).__name__)  # noqa: TRY400 - a traceback may hold a token or a text

    def ready(self, data: Json) -> None:
        """Begin a session: it names the guilds that the bot is in."""
        listed = {str(guild["id"]) for guild in data["guilds"]}
        self._theirs["READY"]({**data, "guilds": []})
        self._listed = listed
        shard, shards = map(int, data.get("shard") or (0, 1))
        self._table.keep(listed, shard, shards)
        if self._listener is not None:
            self._tell(self._listener.guilds_listed(listed, shard, shards))

    def _guild_told(self, data: Json) -> None:
        guild = self._table.put(data, self._me)
        self._table.put_threads("THREAD_LIST_SYNC", data, self._me)
        self._listed.add(guild.id)
        if self._listener is None:
            return
        at = data.get("joined_at")
        joined_at = datetime.fromisoformat(at) if at else None
        arrival = Arrival(guild.id, joined_at, greeting_channels(self._table, data))
        # Said only of guilds that the session was told of before.
        if data.get("unavailable") is False:
            self._tell(self._listener.guild_available(arrival))
        else:
            self._tell(self._listener.guild_joined(arrival))

    def _guild_gone(self, data: Json) -> None:
        guild = str(data["id"])
        if data.get("unavailable"):
            log.info("discord.guild_unavailable", guild=guild)  # the bot is still in it
            return
        self._listed.discard(guild)
        self._table.drop(int(guild))
        if self._listener is not None:
            self._tell(self._listener.guild_removed(guild))

    def _channel_told(self, data: Json, *, deleted: bool) -> None:
        guild, channel = str(data["guild_id"]), str(data["id"])
        if deleted:
            self._table.drop_channel(int(guild), int(channel))
        else:
            self._table.put_channel(data)
        if (listener := self._listener) is not None:
            heard = listener.channel_deleted if deleted else listener.channel_changed
            self._tell(heard(guild, channel))

    def _rights_told(self, data: Json) -> None:
        """Ask for what the bot may do, where one of its roles changed or it got other ones."""
        guild = self._table.guild(int(data["guild_id"]))
        if guild is None:
            return
        if "user" not in data:
            role = str(data["role_id"] if "role_id" in data else data["role"]["id"])
            changed = role in guild.roles
        elif changed := str(data["user"]["id"]) == self._me:
            guild.roles = frozenset({guild.id, *map(str, data["roles"])})
        if changed:
            self._tell(self._learn(guild))

    async def _learn(self, guild: Guild) -> None:
        """Ask for a guild anew: the bot's own roles, or what they may do, changed."""
        try:
            data = await self._rest.call("GET", "/guilds/{guild_id}", guild_id=guild.id)
            channels = await self._rest.read_list("/guilds/{guild_id}/channels", guild_id=guild.id)
            # As it is known by now: the bot's roles may have changed again meanwhile.
            known = self._table.guild(int(guild.id)) or guild
            me = {"user": {"id": self._me}, "roles": sorted(known.roles)}
            told = {**data, "channels": channels, "members": [me], "member_count": known.members}
            self._table.put(told, self._me)
        except (DiscordRefused, DeliveryError) as error:
            # What the roles may do is learned when the guild is told of again.
            log.warning("discord.roles_unknown", guild=guild.id, reason=str(error))
        except (KeyError, TypeError, ValueError) as error:
            log.warning("discord.roles_unknown", guild=guild.id, reason=type(error).__name__)
        else:
            if self._listener is not None:
                await self._listener.rights_changed(guild.id)


def greeting_channels(table: GuildTable, data: Json) -> tuple[str, ...]:
    """Return channels for a greeting: the system channel, then from the top."""
    texts = [one for one in data["channels"] if one["type"] == _TEXT]
    texts.sort(key=lambda one: (one.get("position", 0), int(one["id"])))
    first = data.get("system_channel_id")
    order = [*([str(first)] if first else []), *(str(one["id"]) for one in texts)]
    found: list[str] = []
    for channel in dict.fromkeys(order):
        facts = table.facts(int(data["id"]), int(channel))
        if facts is not None:
            held = discord.Permissions(facts.held)
            if held.view_channel and held.send_messages and held.embed_links:
                found.append(channel)
        if len(found) == _MOST_GREETED:
            break
    return tuple(found)
