"""Guilds that the gateway told of, in a few bytes each: what the bot may do in every channel.

discord.py keeps 17 KB of a guild with 40 channels, of which the bot needs each channel's type and
its own permissions there: 18 bytes a channel. What is not in the table (a guild of a shard that
another replica holds, a direct conversation) is asked for, see `Channels`.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from adapters.chat.http import Json
from adapters.discord.forums import Forum
from adapters.discord.permissions import EVERYTHING, in_channel, in_guild, usable

# Id, type, whether everybody may see it, the bot's permissions there. Its bytes begin with the most
# significant one, so that rows sorted as bytes are sorted by id.
_ROW: Final = struct.Struct(">QB?Q")
_FORUMS: Final = frozenset({15, 16})
_CATEGORY: Final = 4
_VIEW_CHANNEL: Final = 1 << 10
_THREADS_REMEMBERED: Final = 20_000


def shard_of(guild: int, shards: int) -> int:
    """Return the shard that is told of a guild.

    https://docs.discord.com/developers/events/gateway#sharding
    """
    return (guild >> 22) % shards


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """A channel as far as the bot needs it."""

    type: int
    held: int  # the bot's permissions there, as bits
    is_open: bool  # everybody in the guild may see it


@dataclass(slots=True)
class Guild:
    """A guild: its roles, the bot's permissions, and those computed from them for each channel."""

    id: str
    me: str  # the bot's own id
    roles: frozenset[str]  # the bot's own, and that of everybody
    held: int  # the bot's permissions before a channel's overwrites
    everyone: int  # those of everybody
    members: int | None
    rows: bytes = b""  # of all channels but categories, sorted, see `_ROW`

    @classmethod
    def of(cls, data: Json, me: str) -> Guild:
        """Read a guild as GUILD_CREATE has it, without its channels."""
        own = [m for m in data.get("members") or () if str(m["user"]["id"]) == me]
        guild_id = str(data["id"])
        roles = frozenset({guild_id, *(str(role) for m in own for role in m["roles"])})
        held = in_guild(data["roles"], roles, owns_it=str(data.get("owner_id")) == me)
        everyone = in_guild(data["roles"], {guild_id})
        return cls(guild_id, me, roles, held, everyone, data.get("member_count"))

    def facts(self, channel: Json) -> ChannelFacts:
        """Compute what the bot may do in a channel of this guild."""
        overwrites = channel.get("permission_overwrites") or ()
        held = usable(in_channel(self.held, overwrites, self.id, self.roles, self.me))
        seen = in_channel(self.everyone, overwrites, self.id, (), "") & _VIEW_CHANNEL
        return ChannelFacts(int(channel["type"]), held & EVERYTHING, bool(seen))

    def add(self, *channels: Json) -> None:
        rows = [self.rows[at : at + _ROW.size] for at in range(0, len(self.rows), _ROW.size)]
        for channel in channels:
            facts = self.facts(channel)
            rows.append(_ROW.pack(int(channel["id"]), facts.type, facts.is_open, facts.held))
        self.rows = b"".join(sorted(rows))

    def find(self, channel: int) -> ChannelFacts | None:
        """Return what was told of a channel; None: nothing."""
        starts = range(0, len(self.rows), _ROW.size)
        place = bisect_left(starts, channel, key=lambda at: _ROW.unpack_from(self.rows, at)[0])
        if place == len(starts):
            return None
        number, type_, is_open, held = _ROW.unpack_from(self.rows, starts[place])
        return ChannelFacts(type_, held, is_open) if number == channel else None


class GuildTable:
    """The guilds of all sessions of this process."""

    def __init__(self) -> None:
        self._guilds: dict[int, Guild] = {}
        self._forums: dict[int, Forum] = {}
        self._threads: OrderedDict[int, str] = OrderedDict()

    def put(self, data: Json, me: str) -> Guild:
        """Take over a guild with its channels, roles and own member."""
        guild = Guild.of(data, me)
        channels = [one for one in data["channels"] if one["type"] != _CATEGORY]
        guild.add(*channels)
        self._guilds[int(guild.id)] = guild
        self._forums.update({int(c["id"]): Forum.of(c) for c in channels if c["type"] in _FORUMS})
        return guild

    def drop(self, guild: int) -> None:
        gone = self._guilds.pop(guild, None)
        for channel, *_ in _ROW.iter_unpack(gone.rows) if gone else ():
            self._forums.pop(channel, None)

    def keep(self, guilds: Set[str], shard: int, shards: int) -> None:
        """Forget the guilds of a shard that are not among these."""
        for guild in list(self._guilds):
            if shard_of(guild, shards) == shard and str(guild) not in guilds:
                self.drop(guild)

    def put_channel(self, channel: Json) -> None:
        """Take over a channel that is new or changed, of a guild that is known."""
        number = int(channel["id"])
        guild = self._guilds.get(int(channel["guild_id"]))
        if guild is None:
            return
        self.drop_channel(int(guild.id), number)
        if channel["type"] != _CATEGORY:
            guild.add(channel)
        if channel["type"] in _FORUMS:
            self._forums[number] = Forum.of(channel)

    def drop_channel(self, guild_id: int, channel: int) -> None:
        self._forums.pop(channel, None)
        if guild := self._guilds.get(guild_id):
            rows = _ROW.iter_unpack(guild.rows)
            guild.rows = b"".join(_ROW.pack(*row) for row in rows if row[0] != channel)

    def guild(self, guild: int) -> Guild | None:
        return self._guilds.get(guild)

    def facts(self, guild: int, channel: int) -> ChannelFacts | None:
        """Return what is known of a channel; None: nothing."""
        found = self._guilds.get(guild)
        return found.find(channel) if found else None

    def forum(self, channel: int) -> Forum | None:
        return self._forums.get(channel)

    def thread_name(self, thread: int) -> str | None:
        return self._threads.get(thread)

    def put_threads(self, event: str, data: Json, me: str) -> None:
        """Remember the names of the bot's own threads, as an event tells them."""
        if event == "THREAD_DELETE":
            self._threads.pop(int(data["id"]), None)
            return
        threads = data.get("threads") or () if event == "THREAD_LIST_SYNC" else [data]
        for thread in threads:
            if str(thread.get("owner_id")) == me:
                self._threads[int(thread["id"])] = str(thread["name"])
        while len(self._threads) > _THREADS_REMEMBERED:
            self._threads.popitem(last=False)
