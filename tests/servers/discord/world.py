"""What this Discord knows: guilds, channels, threads, messages. No sockets in here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from tests.servers.discord.permissions import USUAL, effective, mask
from tests.servers.discord.refusals import Refused

DISCORD_EPOCH_MS = 1_420_070_400_000
Json = dict[str, Any]


class Kind(IntEnum):
    """Channel types: developers/resources/channel#channel-object-channel-types."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    THREAD = 11
    STAGE = 13
    FORUM = 15


@dataclass(slots=True)
class User:
    id: int
    name: str
    bot: bool = False


@dataclass(slots=True)
class Role:
    id: int
    name: str
    permissions: int
    mentionable: bool = False


@dataclass(slots=True)
class Overwrite:
    id: int
    is_member: bool
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class Tag:
    id: int
    name: str
    moderated: bool = False


@dataclass(slots=True)
class Message:
    """A message as it stands; `versions` holds what it said before each edit."""

    id: int
    channel: int
    author: User
    at: datetime
    body: Json
    nonce: str | None = None
    edited: datetime | None = None
    edits: list[datetime] = field(default_factory=list)
    versions: list[Json] = field(default_factory=list)
    published: bool = False
    ephemeral_to: int | None = None
    pinged: list[str] = field(default_factory=list)
    webhook: int | None = None
    reference: Json | None = None
    pinned: datetime | None = None
    is_pin_notice: bool = False  # Discord's own line that something was pinned

    @property
    def flags(self) -> int:
        own = int(self.body.get("flags") or 0)
        return own | (1 if self.published else 0) | (64 if self.ephemeral_to else 0)


@dataclass(slots=True)
class Channel:
    """A channel, or a thread when `owner` is set."""

    id: int
    kind: Kind
    name: str
    guild: int | None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    parent: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    deleted_messages: set[int] = field(default_factory=set)
    last_message: int | None = None
    tags: list[Tag] = field(default_factory=list)
    require_tag: bool = False
    recipient: int | None = None
    # threads only
    owner: int | None = None
    archived: bool = False
    locked: bool = False
    archived_at: datetime | None = None
    auto_archive: int = 4320
    created: datetime | None = None
    applied_tags: list[int] = field(default_factory=list)
    sent: int = 0

    @property
    def is_thread(self) -> bool:
        return self.kind in (Kind.THREAD, Kind.ANNOUNCEMENT_THREAD)


@dataclass(slots=True)
class Guild:
    id: int
    name: str
    owner: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    threads: dict[int, Channel] = field(default_factory=dict)
    unavailable: bool = False
    bot_is_in: bool = True
    system_channel: int | None = None
    max_active_threads: int = 1000
    joined: datetime | None = None  # when the bot was invited; None: long ago


class World:
    """Everything that is stored. Ids are real snowflakes made from the given clock."""

    def __init__(self, clock: Callable[[], datetime], *, token: str) -> None:
        self.clock = clock
        self.token = token
        self._increment = 0
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.application = self.new_id()
        self.bot = User(self.application, "isclaudedown", bot=True)
        self.users[self.bot.id] = self.bot
        self.owner = self.new_user("owner")
        self.commands: list[Json] = []
        self.command_writes = 0
        # Of a guild's integration settings: command or application → user or role → allowed.
        self.command_permissions: dict[int, dict[int, dict[int, bool]]] = {}
        self.nonces: dict[tuple[int, str], tuple[int, datetime]] = {}
        self.nonce_window = timedelta(minutes=3)

    def new_id(self) -> int:
        self._increment += 1
        ms = int(self.clock().timestamp() * 1000) - DISCORD_EPOCH_MS + self._increment // 4096
        return ms << 22 | self._increment % 4096

    def new_user(self, name: str) -> User:
        user = User(self.new_id(), name)
        self.users[user.id] = user
        return user

    def new_guild(self, name: str, *, bot_permissions: tuple[str, ...] = USUAL) -> Guild:
        guild = Guild(self.new_id(), name, owner=self.owner.id)
        everyone = mask("view_channel", "send_messages", "read_message_history", "connect")
        guild.roles[guild.id] = Role(guild.id, "@everyone", everyone)
        role = Role(self.new_id(), "isclaudedown", mask(*bot_permissions))
        guild.roles[role.id] = role
        guild.members[self.bot.id] = [role.id]
        guild.members[self.owner.id] = []
        self.guilds[guild.id] = guild
        return guild

    def new_channel(self, guild: Guild, name: str, kind: Kind = Kind.TEXT) -> Channel:
        channel = Channel(self.new_id(), kind, name, guild.id)
        guild.channels[channel.id] = channel
        self.channels[channel.id] = channel
        return channel

    def channel(self, channel_id: int) -> Channel:
        """Return a channel or thread the bot may know of, or refuse."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise Refused(10003)
        if channel.guild is not None and not self.guilds[channel.guild].bot_is_in:
            raise Refused(50001)
        return channel

    def may(self, channel: Channel, user: int | None = None) -> int:
        """Return the permission bits of the bot (or `user`) in this channel."""
        if channel.guild is None:
            return mask(*USUAL)
        guild = self.guilds[channel.guild]
        place = self.channels[channel.parent] if channel.is_thread and channel.parent else channel
        return effective(guild, place, user or self.bot.id)

    def require(self, channel: Channel, *names: str) -> None:
        """Refuse with Missing Access or Missing Permissions, as Discord orders them."""
        held = self.may(channel)
        seen = mask("view_channel")
        if channel.kind in (Kind.VOICE, Kind.STAGE):
            seen |= mask("connect")
        if held & seen != seen:
            raise Refused(50001)
        if held & mask(*names) != mask(*names):
            raise Refused(50013)

    def all_messages(self) -> list[Message]:
        """Return every stored message in the order of their ids."""
        found = [m for c in self.channels.values() for m in c.messages.values()]
        return sorted(found, key=lambda message: message.id)
