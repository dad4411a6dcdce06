"""Channels: their kinds, their forum tags, and what the bot may do there.

The client's cache knows from the gateway (the intent `guilds` is enough); what it does not know,
because it is not connected yet, is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import discord

from adapters.discord.errors import MISSING_ACCESS, UNKNOWN_CHANNEL, DiscordRefused, meaning
from adapters.discord.rest import RestClient
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.messenger import Access


class Kind(Enum):
    """The way an incident's thread is made in a channel of this kind."""

    TEXT = "text"  # a root, and a thread made from it
    ANNOUNCEMENT = "announcement"  # the same, and the root is published
    FORUM = "forum"  # a post
    PLAIN = "plain"  # no threads there (voice and stage chats, DMs, threads): replies
    NONE = "none"  # nobody can write there (categories)

    @property
    def has_threads(self) -> bool:
        """True: a thread is made from each root."""
        return self in {Kind.TEXT, Kind.ANNOUNCEMENT}


# https://docs.discord.com/developers/resources/channel#channel-object-channel-types; 16 is a
# media channel, a forum in all that matters here.
KINDS: Final = {
    0: Kind.TEXT,
    1: Kind.PLAIN,
    2: Kind.PLAIN,
    3: Kind.PLAIN,
    4: Kind.NONE,
    5: Kind.ANNOUNCEMENT,
    10: Kind.PLAIN,
    11: Kind.PLAIN,
    12: Kind.PLAIN,
    13: Kind.PLAIN,
    14: Kind.NONE,
    15: Kind.FORUM,
    16: Kind.FORUM,
}
# What is needed to speak, by the names that Discord's settings use.
_SPEAK: Final = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
}
_IN_THREADS: Final = {"send_messages_in_threads": "Send Messages in Threads"}
_MAKES_THREADS: Final = {"create_public_threads": "Create Public Threads"}
_IN_VOICE: Final = {"connect": "Connect"}
# What is needed besides, for nothing to be doubled.
_FOR_ALL: Final = {"read_message_history": "Read Message History"}
_ALLOW: Final = "Allow it for isclaudedown in this channel's settings, under Permissions."
_REMEMBERED: Final = 20_000
_CHANNEL: Final = "/channels/{channel_id}"
CachedChannel = discord.abc.GuildChannel | discord.Thread

# Names of forum tags, by what a root shows.
_OVER: Final = ("resolved", "solved", "fixed", "closed", "over", "up", "operational")
_MAINTENANCE: Final = ("maintenance", "planned")
_OPEN: Final = ("incident", "outage", "down", "ongoing", "open")


@dataclass(frozen=True, slots=True)
class Tag:
    """A forum's tag. `moderated`: only moderators may set it."""

    id: int
    name: str
    moderated: bool


class Channels:
    """Looks channels up, first in the cache of the connected client."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._client: discord.Client | None = None
        self._types: dict[int, int] = {}  # of channels that the gateway did not tell of

    def attach(self, client: discord.Client) -> None:
        """Use a client's cache from now on."""
        self._client = client

    @property
    def is_ready(self) -> bool:
        """True: the gateway has told of all guilds, so a guild it did not name is none of ours."""
        return self._client is not None and self._client.is_ready()

    async def kind(self, channel_id: int) -> Kind:
        """Return what the channel is.

        Raises:
            ChannelGone: there is none that we can see. DeliveryError: Discord did not say.
        """
        if (known := self.known_kind(channel_id)) is not None:
            return known
        if channel_id not in self._types:
            try:
                answer = await self._rest.call("GET", _CHANNEL, channel_id=channel_id)
            except DiscordRefused as refused:
                raise meaning(refused) from None
            if len(self._types) >= _REMEMBERED:
                self._types.clear()
            self._types[channel_id] = int(answer.get("type", 0))
        return KINDS.get(self._types[channel_id], Kind.PLAIN)

    def known_kind(self, channel_id: int) -> Kind | None:
        """Return what the channel is if the gateway told of it."""
        known = self._cached(channel_id)
        return KINDS.get(known.type.value, Kind.PLAIN) if known else None

    def thread_name(self, thread_id: int) -> str | None:
        """Return the present name of a thread that the gateway told of."""
        known = self._cached(thread_id)
        return known.name if isinstance(known, discord.Thread) else None

    def tags_for(self, forum_id: int, message: Message) -> list[int]:
        """Return the tags that a post with this root gets."""
        known = self._cached(forum_id)
        if not isinstance(known, discord.ForumChannel):
            return []
        tags = [Tag(tag.id, tag.name, tag.moderated) for tag in known.available_tags]
        return tags_for(tags, message, required=known.flags.require_tag)

    def may_read_history(self, channel_id: int) -> bool | None:
        """Return whether we may read back what stands there; None: the gateway did not tell."""
        known = self._cached(channel_id)
        if known is None or known.guild.me is None:
            return None
        return known.permissions_for(known.guild.me).read_message_history

    def open_members(self, channel_id: int) -> int | None:
        """Return how many people may read a channel that is open to its whole guild, else None."""
        known = self._cached(channel_id)
        if known is None or not known.permissions_for(known.guild.default_role).view_channel:
            return None
        return known.guild.member_count

    async def access(self, channel_id: int) -> Access:
        """Say whether we may speak there, and name what is missing.

        Raises:
            DeliveryError: Discord did not say.
        """
        known = self._cached(channel_id)
        if known is None:
            try:
                await self._rest.call("GET", _CHANNEL, channel_id=channel_id)
            except DiscordRefused as refused:
                if refused.code == UNKNOWN_CHANNEL:
                    return Access(ok=False, problem="that channel does not exist (any more)")
                if refused.code == MISSING_ACCESS or refused.status == 403:
                    return _lacks(["View Channel"])
                raise meaning(refused) from None
            return Access(ok=True)
        if KINDS.get(known.type.value) is Kind.NONE:
            return Access(
                ok=False,
                problem="nobody can write in a channel of that kind",
                advice="Choose another channel.",
            )
        me = known.guild.me
        # Without ourselves in the cache nothing can be computed; the first message will tell.
        return access_in(known, known.permissions_for(me)) if me else Access(ok=True)

    def _cached(self, channel_id: int) -> CachedChannel | None:
        found = self._client.get_channel(channel_id) if self._client else None
        return found if isinstance(found, discord.abc.GuildChannel | discord.Thread) else None


def access_in(channel: CachedChannel, held: discord.Permissions) -> Access:
    """Return what is missing of what it takes to speak in `channel`, or of what it takes for all.

    What works only in part is a problem of an access that is ok.
    """
    needed, wanted = dict(_SPEAK), dict(_FOR_ALL)
    match channel:
        case discord.Thread():
            needed.pop("send_messages")
            needed |= _IN_THREADS
        case discord.ForumChannel():
            needed |= _IN_THREADS
        case discord.VoiceChannel() | discord.StageChannel():
            needed |= _IN_VOICE
        case _:
            wanted |= _MAKES_THREADS | _IN_THREADS
    if missing := [name for flag, name in needed.items() if not getattr(held, flag)]:
        return _lacks(missing)
    if (
        isinstance(channel, discord.ForumChannel)
        and channel.flags.require_tag
        and not any(not tag.moderated for tag in channel.available_tags)
    ):
        return Access(
            ok=False,
            problem="this forum wants a tag on every post, and has none that I may set",
            advice="Add one to it, best named incident.",
        )
    partly = [name for flag, name in wanted.items() if not getattr(held, flag)]
    if not partly:
        return Access(ok=True)
    effects = []
    if not held.create_public_threads or not held.send_messages_in_threads:
        effects.append("updates come as replies in the channel, not in a thread")
    if not held.read_message_history:
        effects.append("after a lost answer a message may stand here twice or be missing")
    lacking = _lacks(partly)
    return Access(ok=True, problem=f"{lacking.problem}: {'; '.join(effects)}", advice=_ALLOW)


def _lacks(names: Sequence[str]) -> Access:
    shown = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    plural = "permission" if len(names) == 1 else "permissions"
    return Access(ok=False, problem=f"I lack the {plural} {shown}", advice=_ALLOW)


def tags_for(tags: Sequence[Tag], message: Message, *, required: bool = False) -> list[int]:
    """Return at most two tags whose names say the message's state.

    Where none does: none, or if one is `required` the first that is not for moderators only.
    """
    severity = message.severity or Severity.UNKNOWN
    wanted: tuple[str, ...]
    if message.ended:
        wanted, most = _OVER, 1
    elif severity is Severity.MAINTENANCE:
        wanted, most = _MAINTENANCE, 1
    else:
        wanted, most = (severity.words, severity.words.split()[0], *_OPEN), 2
    free = [tag for tag in tags if not tag.moderated]
    usable = {tag.name.casefold().strip(): tag.id for tag in reversed(free)}
    fitting = list(dict.fromkeys(usable[name] for name in wanted if name in usable))[:most]
    return fitting or [tag.id for tag in free[:1] if required]
