"""Channels: their kinds, their forum tags, and what the bot may do there.

The table of guilds knows what this process's gateway sessions told; everything else (guilds of
other replicas' shards, direct conversations, all before the first session) is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

import discord

from adapters.chat.http import Json
from adapters.discord.errors import MISSING_ACCESS, UNKNOWN_CHANNEL, DiscordRefused, meaning
from adapters.discord.forums import Forum, tags_for
from adapters.discord.guilds import ChannelFacts, Guild, GuildTable
from adapters.discord.permissions import EVERYTHING
from adapters.discord.refs import channel_number
from adapters.discord.rest import RestClient
from bot.domain.message import Message
from bot.domain.subscription import Channel
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
THREADS: Final = frozenset({10, 11, 12})
_VOICE: Final = frozenset({2, 13})


class Channels:
    """Looks channels up: in the table, and what is not there at Discord."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self.guilds = GuildTable()
        self._types: dict[int, int] = {}  # of channels that the gateway did not tell of

    async def kind(self, channel: Channel) -> Kind:
        """Return what the channel is.

        Raises:
            ChannelGone: there is none that we can see. DeliveryError: Discord did not say.
        """
        if (known := self.known_kind(channel)) is not None:
            return known
        try:
            answer = await self._ask(channel_number(channel))
        except DiscordRefused as refused:
            raise meaning(refused) from None
        if len(self._types) >= _REMEMBERED:
            self._types.clear()
        type_ = self._types[int(channel.id)] = int(answer.get("type", 0))
        return KINDS.get(type_, Kind.PLAIN)

    def known_kind(self, channel: Channel) -> Kind | None:
        """Return what the channel is if that was told or asked before."""
        if not channel.id.isdigit():
            return None
        facts = self._told(channel)
        type_ = facts.type if facts else self._types.get(int(channel.id))
        return None if type_ is None else KINDS.get(type_, Kind.PLAIN)

    async def thread_name(self, thread_id: int) -> str | None:
        """Return the present name of a thread; None: there is none that we can see."""
        if (known := self.guilds.thread_name(thread_id)) is not None:
            return known
        try:
            return (await self._ask(thread_id)).get("name")
        except DiscordRefused:
            return None

    async def tags_for(self, forum_id: int, message: Message) -> list[int]:
        """Return the tags that a post with this root gets.

        Raises:
            DiscordRefused: there is no such forum. DeliveryError: Discord did not say.
        """
        known = self.guilds.forum(forum_id) or Forum.of(await self._ask(forum_id))
        return tags_for(known.tags, message, required=known.requires_tag)

    async def held(self, channel: Channel) -> discord.Permissions:
        """Return what we may do there; all, where it is closed to us: whoever acts there is told.

        Raises:
            DeliveryError: Discord did not say.
        """
        try:
            facts, _ = await self._facts(channel)
        except DiscordRefused:
            return discord.Permissions.all()
        return discord.Permissions(facts.held)

    def open_members(self, channel: Channel) -> int | None:
        """Return how many people may read a channel that is open to its whole guild, else None."""
        facts = self._told(channel)
        guild = self.guilds.guild(int(channel.tenant)) if facts and facts.is_open else None
        return guild.members if guild else None

    async def access(self, channel: Channel) -> Access:
        """Say whether we may speak there, and name what is missing.

        Raises:
            DeliveryError: Discord did not say.
        """
        try:
            facts, forum = await self._facts(channel)
        except DiscordRefused as refused:
            if refused.code == UNKNOWN_CHANNEL:
                return Access(ok=False, problem="that channel does not exist (any more)")
            if refused.code == MISSING_ACCESS or refused.status == 403:
                return _lacks(["View Channel"])
            raise meaning(refused) from None
        return access_in(facts, forum)

    def _told(self, channel: Channel) -> ChannelFacts | None:
        if not (channel.tenant.isdigit() and channel.id.isdigit()):
            return None
        return self.guilds.facts(int(channel.tenant), int(channel.id))

    async def _facts(self, channel: Channel) -> tuple[ChannelFacts, Forum | None]:
        """Return what is known of a channel, asked for where nobody told.

        Raises:
            DiscordRefused: we cannot see it. DeliveryError: Discord did not say.
        """
        number = channel_number(channel)
        if (told := self._told(channel)) is not None:
            return told, self.guilds.forum(number)
        answer = await self._ask(number)
        guild_id = answer.get("guild_id")
        if guild_id is None:  # a conversation with one person
            return ChannelFacts(int(answer["type"]), EVERYTHING, is_open=False), None
        if answer["type"] in THREADS:  # which has the permissions of the channel around it
            around = await self._ask(int(answer["parent_id"]))
            answer = {**around, "id": answer["id"], "type": answer["type"]}
        guild = self.guilds.guild(int(guild_id)) or await self._ask_guild(str(guild_id))
        forum = Forum.of(answer) if KINDS.get(answer["type"]) is Kind.FORUM else None
        return guild.facts(answer), forum

    async def _ask(self, channel_id: int) -> Json:
        return await self._rest.call("GET", "/channels/{channel_id}", channel_id=channel_id)

    async def _ask_guild(self, guild_id: str) -> Guild:
        me = await self._rest.user_id()
        data = await self._rest.call("GET", "/guilds/{guild_id}", guild_id=guild_id)
        path = "/guilds/{guild_id}/members/{user_id}"
        member = await self._rest.call("GET", path, guild_id=guild_id, user_id=me)
        return Guild.of({**data, "members": [member]}, me)


def access_in(facts: ChannelFacts, forum: Forum | None) -> Access:
    """Return what is missing of what it takes to speak in a channel, or of what it takes for all.

    What works only in part is a problem of an access that is ok. `forum`: its tags, if it is one.
    """
    if KINDS.get(facts.type) is Kind.NONE:
        return Access(
            ok=False,
            problem="nobody can write in a channel of that kind",
            advice="Choose another channel.",
        )
    held = discord.Permissions(facts.held)
    needed, wanted = dict(_SPEAK), dict(_FOR_ALL)
    if facts.type in THREADS:
        needed.pop("send_messages")
        needed |= _IN_THREADS
    elif KINDS.get(facts.type) is Kind.FORUM:
        needed |= _IN_THREADS
    elif facts.type in _VOICE:
        needed |= _IN_VOICE
    else:
        wanted |= _MAKES_THREADS | _IN_THREADS
    if missing := [name for flag, name in needed.items() if not getattr(held, flag)]:
        return _lacks(missing)
    if forum and forum.requires_tag and all(tag.moderated for tag in forum.tags):
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
