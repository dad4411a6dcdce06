"""What kind of place a channel is, and what we may do there.

discord.py's cache knows from the gateway (the intent `guilds` is enough); what it does not know,
because it is not connected yet, is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import discord

from adapters.discord.errors import MISSING_ACCESS, UNKNOWN_CHANNEL, DiscordRefused, meaning
from adapters.discord.rest import RestClient
from bot.ports import Access


class Kind(Enum):
    """What an incident's thread is made of."""

    TEXT = "text"  # a root, and a thread made from it
    ANNOUNCEMENT = "announcement"  # the same, and the root is published
    FORUM = "forum"  # a post
    PLAIN = "plain"  # no threads there (voice and stage chats, DMs, threads): replies
    NONE = "none"  # nobody can write there (categories)


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
_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Tag:
    """A forum's tag. `moderated`: only moderators may set it."""

    id: int
    name: str
    moderated: bool


def kind_of(place: discord.abc.GuildChannel | discord.Thread) -> Kind:
    return KINDS.get(place.type.value, Kind.PLAIN)


class Channels:
    """Looks channels up."""

    def __init__(self, wire: RestClient) -> None:
        self._wire = wire
        self._asked: dict[int, int] = {}

    async def kind(self, channel: int) -> Kind:
        """Return what the channel is.

        Raises:
            ChannelGone: there is none that we can see. DeliveryError: Discord did not say.
        """
        known = self.cached(channel)
        if known is not None:
            return kind_of(known)
        if channel not in self._asked:
            try:
                answer = await self._wire.call("GET", "/channels/{channel_id}", channel_id=channel)
            except DiscordRefused as refused:
                raise meaning(refused) from None
            if len(self._asked) >= _KEPT:
                self._asked.clear()
            self._asked[channel] = int(answer.get("type", 0))
        return KINDS.get(self._asked[channel], Kind.PLAIN)

    def cached(self, channel: int) -> discord.abc.GuildChannel | discord.Thread | None:
        """Return what the gateway told of it, if it did."""
        client = self._wire.client
        found = client.get_channel(channel) if client else None
        return found if isinstance(found, discord.abc.GuildChannel | discord.Thread) else None

    def tags(self, forum: int) -> list[Tag]:
        known = self.cached(forum)
        if not isinstance(known, discord.ForumChannel):
            return []
        return [Tag(tag.id, tag.name, tag.moderated) for tag in known.available_tags]

    async def access(self, channel: int) -> Access:
        """Say whether we may speak there, and name what is missing.

        Raises:
            DeliveryError: Discord did not say.
        """
        known = self.cached(channel)
        if known is None:
            return await self._ask_access(channel)
        if KINDS.get(known.type.value) is Kind.NONE:
            return Access(
                ok=False,
                problem="nobody can write in a channel of that kind",
                advice="Choose another channel.",
            )
        me = known.guild.me
        # Without ourselves in the cache nothing can be computed; the first message will tell.
        return judge(known.permissions_for(me), known) if me else Access(ok=True)

    async def _ask_access(self, channel: int) -> Access:
        try:
            await self._wire.call("GET", "/channels/{channel_id}", channel_id=channel)
        except DiscordRefused as refused:
            if refused.code == UNKNOWN_CHANNEL:
                return Access(ok=False, problem="that channel does not exist (any more)", advice="")
            if refused.code == MISSING_ACCESS or refused.status == 403:
                return _lacks({"view_channel": "View Channel"})
            raise meaning(refused) from None
        return Access(ok=True)


def judge(held: discord.Permissions, channel: discord.abc.GuildChannel | discord.Thread) -> Access:
    """What is missing of what it takes to speak in `channel`."""
    needed = dict(_SPEAK)
    if isinstance(channel, discord.Thread):
        needed.pop("send_messages")
        needed |= _IN_THREADS
    if isinstance(channel, discord.ForumChannel):
        needed |= _IN_THREADS
    missing = {flag: name for flag, name in needed.items() if not getattr(held, flag)}
    return _lacks(missing) if missing else Access(ok=True)


def _lacks(missing: Mapping[str, str]) -> Access:
    names = list(missing.values())
    shown = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    plural = "permission" if len(names) == 1 else "permissions"
    return Access(
        ok=False,
        problem=f"I lack the {plural} {shown}",
        advice="Allow it for isclaudedown in this channel's settings, under Permissions.",
    )
