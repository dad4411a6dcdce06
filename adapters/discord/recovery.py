"""Recovery: finds what may have been sent already in the history, by the marks on our messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from adapters.chat.http import Json
from adapters.discord.channels import Channels
from adapters.discord.errors import (
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    DiscordRefused,
    meaning,
)
from adapters.discord.refs import Ref, mark, marks_of, nonce, sent_at, snowflake
from adapters.discord.rest import RestClient
from bot.domain.errors import CannotLook
from bot.domain.subscription import Channel

# "If message was already created in the past few minutes, it is returned": take 2 of them.
NONCE_WINDOW: Final = timedelta(seconds=120)
# Our clock may differ from Discord's.
SKEW: Final = timedelta(seconds=60)
PAGE: Final = 100
PAGES: Final = 10
_MESSAGES: Final = "/channels/{channel_id}/messages"


class DiscordRecovery:
    """Finds messages of ours by the keys they were sent with."""

    def __init__(self, rest: RestClient, channels: Channels, clock: Callable[[], datetime]) -> None:
        self._rest = rest
        self._channels = channels
        self._clock = clock

    async def in_channel(
        self, channel: Channel, place: int, keys: Sequence[str], since: datetime
    ) -> dict[str, Ref]:
        """Find messages of ours in a channel or (`place`) a thread of it; one gone holds none.

        Raises:
            CannotLook: it cannot be read, and the nonces do not protect us any more.
            DeliveryError: it could not be read now.
        """
        if not (await self._channels.held(channel)).read_message_history:
            # Without the permission the list is empty, which is no answer.
            if self._clock() - since < NONCE_WINDOW:
                return {}  # sending again with the same nonce gives the first message
            raise CannotLook("I may not read the channel's history (Read Message History)")
        wanted = {mark(key): key for key in keys} | {nonce(key): key for key in keys}
        me = await self._rest.user_id()
        found: dict[str, Ref] = {}
        async for message in self._history(place, since):
            if str((message.get("author") or {}).get("id")) == me:
                signs = {*marks_of(message), str(message.get("nonce"))}
                ref = Ref(place, int(message["id"]), threaded="thread" in message)
                for sign in signs & wanted.keys():
                    found.setdefault(wanted[sign], ref)
            if len(found) == len(keys):
                break
        return found

    async def posts(self, channel: Channel, keys: Sequence[str], since: datetime) -> dict[str, Ref]:
        """Find forum posts of ours: those that are active, by their first message.

        Raises:
            DeliveryError: they cannot be read.
        """
        path = "/guilds/{guild_id}/threads/active"
        try:
            answer = await self._rest.call("GET", path, guild_id=int(channel.tenant))
        except DiscordRefused as refused:
            raise meaning(refused) from None
        me = await self._rest.user_id()
        found: dict[str, Ref] = {}
        wanted = {mark(key): key for key in keys}
        for thread in answer.get("threads") or ():
            post = int(thread["id"])
            is_ours = str(thread.get("owner_id")) == me
            if thread.get("parent_id") != channel.id or not is_ours or sent_at(post) < since - SKEW:
                continue
            try:
                first = await self._rest.call(
                    "GET", f"{_MESSAGES}/{{message_id}}", channel_id=post, message_id=post
                )
            except DiscordRefused as refused:
                if refused.code not in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}:
                    raise meaning(refused) from None
                continue
            for hit in marks_of(first) & wanted.keys():
                found[wanted[hit]] = Ref(post, post)
        return found

    async def _history(self, channel_id: int, since: datetime) -> AsyncIterator[Json]:
        """Yield what was posted since then, at most ten pages; nothing without a channel."""
        after = snowflake(since - SKEW)
        for _ in range(PAGES):
            query = {"after": str(after), "limit": str(PAGE)}
            try:
                page = await self._rest.read_list(_MESSAGES, query, channel_id=channel_id)
            except DiscordRefused as refused:
                if refused.code == UNKNOWN_CHANNEL:
                    return
                raise meaning(refused) from None
            for message in page:
                yield message
            if len(page) < PAGE:
                return
            after = max(int(message["id"]) for message in page)  # whatever their order
