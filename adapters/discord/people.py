"""People on Discord: where to write to one of them alone, and how they are called in a server."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from adapters.chat.http import Json
from adapters.discord.errors import DiscordRefused, meaning
from adapters.discord.posting import Posting
from adapters.discord.rest import RestClient
from bot.domain.errors import ChannelGone, Uncertain
from bot.domain.subscription import Channel

QUIET: Final = 1 << 12  # SUPPRESS_NOTIFICATIONS: for what is over when it is first posted
_FIRST_LINE: Final = "🔔 I'll write to you here."


async def direct_channel(
    rest: RestClient, posting: Posting, channel: Channel, person: str
) -> Channel:
    """Return where to write to one person alone: the same at every call.

    A first line is sent there at once: only so does it show whether the person takes messages.

    Raises:
        ChannelGone: the person takes none. DeliveryError: Discord did not say.
    """
    if not person.isdecimal():
        raise ChannelGone("nobody has that id")
    try:
        answer = await rest.call("POST", "/users/@me/channels", {"recipient_id": person})
        there = Channel(channel.platform, channel.tenant, str(answer.get("id", "")))
        line: Json = {"content": _FIRST_LINE, "flags": QUIET, "allowed_mentions": {"parse": []}}
        with suppress(Uncertain):  # it was taken, or the reminder itself will tell
            await posting.create(int(there.id), line, f"direct/{person}")
    except DiscordRefused as refused:
        raise meaning(refused) from None
    return there


async def member_name(rest: RestClient, guild: str, person: str) -> str:
    """Return the name that a member has in a server. It is outside text.

    Raises:
        DeliveryError: nobody there has this id, or Discord did not say.
    """
    if not guild.isdecimal() or not person.isdecimal():
        raise ChannelGone("nobody has that id")
    path = "/guilds/{guild_id}/members/{user_id}"
    try:
        member = await rest.call("GET", path, guild_id=guild, user_id=person)
    except DiscordRefused as refused:
        raise meaning(refused) from None
    user: Json = member.get("user") or {}
    names = (member.get("nick"), user.get("global_name"), user.get("username"))
    return next((str(name) for name in names if name), "")
