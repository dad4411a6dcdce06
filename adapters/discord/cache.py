"""Guild events cut down to what is needed, before discord.py caches them.

Of 76 KB that discord.py keeps of a guild with 40 channels, 30 roles and 30 emojis (measured with
tracemalloc), most is never read here: what other roles may do, emojis, other people's threads,
topics. What is left of it are some 17.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import structlog

from adapters.chat.http import Json
from adapters.discord.errors import DiscordRefused
from adapters.discord.rest import RestClient
from bot.domain.errors import DeliveryError

log = structlog.get_logger()
Parser = Callable[[Any], None]

# Events about what is not kept.
_DROPPED: Final = frozenset(
    {
        "GUILD_EMOJIS_UPDATE",
        "GUILD_STICKERS_UPDATE",
        "GUILD_SOUNDBOARD_SOUND_CREATE",
        "GUILD_SOUNDBOARD_SOUND_UPDATE",
        "GUILD_SOUNDBOARD_SOUND_DELETE",
        "GUILD_SOUNDBOARD_SOUNDS_UPDATE",
        "STAGE_INSTANCE_CREATE",
        "STAGE_INSTANCE_UPDATE",
        "STAGE_INSTANCE_DELETE",
    }
)
_EMPTIED: Final = (
    "emojis",
    "stickers",
    "presences",
    "voice_states",
    "stage_instances",
    "guild_scheduled_events",
    "soundboard_sounds",
)
_CATEGORY: Final = 4
_CHANNEL_TEXTS: Final = ("topic", "last_message_id", "default_reaction_emoji", "icon_emoji")


class SmallCache:
    """Parses a client's events, cut down. `me` returns the bot's own id."""

    def __init__(self, rest: RestClient, me: Callable[[], int]) -> None:
        self._rest = rest
        self._me = me
        self._roles: dict[str, frozenset[str]] = {}  # of ourselves, by guild
        self._parsers: dict[str, Parser] = {}  # discord.py's own
        self._learning: set[asyncio.Task[None]] = set()

    def install(self, parsers: dict[str, Parser]) -> None:
        """Take the place of discord.py's parsers, except of that which begins a session."""
        self._parsers = dict(parsers)
        parsers.update({name: partial(self.parse, name) for name in parsers if name != "READY"})

    def parse(self, name: str, data: Any) -> None:  # noqa: ANN401 - any JSON
        """Let discord.py parse an event; drop one that it cannot read, or the session would end."""
        try:
            match name:
                case "GUILD_CREATE":
                    data = self.guild(data)
                case "CHANNEL_CREATE" | "CHANNEL_UPDATE":
                    data = self.channel(data)
                case "THREAD_CREATE" | "THREAD_UPDATE" if not self.is_own_thread(data):
                    return
                case "GUILD_ROLE_CREATE" if not self.is_own_role(data):
                    return
                case "GUILD_MEMBER_UPDATE" if not self.is_known_member(data):
                    return
                case _ if name in _DROPPED:
                    return
            self._parsers[name](data)
        except Exception as error:  # whatever discord.py or we stumble over
            # Its text may quote what somebody wrote.
            log.error("discord.event_unreadable", type=name, error=type(error).__name__)  # noqa: TRY400 - a traceback may hold a token or a text

    def guild(self, data: Json) -> Json:
        """Return a guild with our own roles, and with channels and threads as `channel` says."""
        guild_id, me = str(data["id"]), str(self._me())
        if "roles" not in data:
            return data  # unavailable
        members = [m for m in data.get("members") or () if str(m["user"]["id"]) == me]
        self._roles[guild_id] = frozenset(str(role) for m in members for role in m["roles"])
        kept = self._roles[guild_id] | {guild_id}
        return {
            **data,
            **{name: [] for name in _EMPTIED},
            "members": members,
            "roles": [role for role in data["roles"] if str(role["id"]) in kept],
            "channels": [
                self.channel({**channel, "guild_id": guild_id})
                for channel in data["channels"]
                if channel["type"] != _CATEGORY
            ],
            "threads": [t for t in data.get("threads") or () if self.is_own_thread(t)],
        }

    def channel(self, data: Json) -> Json:
        """Return a channel with what it says of everybody and of us."""
        guild_id = str(data.get("guild_id"))
        kept = self._roles.get(guild_id, frozenset()) | {guild_id, str(self._me())}
        overwrites = data.get("permission_overwrites") or ()
        return {
            **data,
            **{name: None for name in _CHANNEL_TEXTS if name in data},
            "name": "",  # of channels nobody reads it; threads keep theirs
            "parent_id": None,
            "permission_overwrites": [one for one in overwrites if str(one["id"]) in kept],
        }

    def is_known_member(self, data: Json) -> bool:
        """Return whether it is us, with roles that we know; others are parsed once learned."""
        guild_id, roles = str(data["guild_id"]), frozenset(map(str, data["roles"]))
        if str(data["user"]["id"]) != str(self._me()):
            return False
        if roles == self._roles.get(guild_id):
            return True
        self._roles[guild_id] = roles
        task = asyncio.create_task(self._learn(guild_id, data))
        self._learning.add(task)
        task.add_done_callback(self._learning.discard)
        return False

    async def _learn(self, guild_id: str, data: Json) -> None:
        try:
            guild = await self._rest.call("GET", "/guilds/{guild_id}", guild_id=guild_id)
            channels = await self._rest.read_list("/guilds/{guild_id}/channels", guild_id=guild_id)
        except (DiscordRefused, DeliveryError) as error:
            # What the new roles may do is learned when the guild is told of again.
            log.warning("discord.roles_unknown", guild=guild_id, reason=str(error))
            guild, channels = {}, []
        for role in guild.get("roles") or ():
            self.parse("GUILD_ROLE_CREATE", {"guild_id": guild_id, "role": role})
        for channel in channels:
            self.parse("CHANNEL_UPDATE", {**channel, "guild_id": guild_id})
        self.parse("GUILD_MEMBER_UPDATE", data)

    def is_own_role(self, data: Json) -> bool:
        return str(data["role"]["id"]) in self._roles.get(str(data["guild_id"]), frozenset())

    def is_own_thread(self, data: Json) -> bool:
        return str(data.get("owner_id")) == str(self._me())
