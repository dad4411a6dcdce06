"""Looks for what we may have sent already: in the history, by the marks on our messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from adapters.discord.channels import Channels, Kind
from adapters.discord.errors import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, DiscordRefused, meaning
from adapters.discord.refs import Ref, mark, marks_of, nonce, sent_at, snowflake
from adapters.discord.rest import Json, RestClient
from bot.domain.errors import CannotLook
from bot.domain.subscription import Channel

# "If message was already created in the past few minutes, it is returned": take 2 of them.
NONCE_WINDOW: Final = timedelta(seconds=120)
# Our clock may differ from Discord's.
SKEW: Final = timedelta(seconds=60)
PAGE: Final = 100
PAGES: Final = 10


class DiscordRecovery:
    def __init__(self, wire: RestClient, places: Channels, clock: Callable[[], datetime]) -> None:
        self._wire = wire
        self._places = places
        self._clock = clock

    async def in_channel(self, place: int, keys: Sequence[str], since: datetime) -> dict[str, Ref]:
        """Find messages of ours in one channel or thread; one that is gone holds none.

        Raises:
            CannotLook: it cannot be read, and the nonces do not protect us any more.
        """
        if not self._may_read(place):
            if self._clock() - since < NONCE_WINDOW:
                return {}  # sending again with the same nonce gives the first message
            raise CannotLook("I may not read the channel's history (Read Message History)")
        wanted = {mark(key): key for key in keys}
        nonces = {nonce(key): key for key in keys}
        found: dict[str, Ref] = {}
        after = snowflake(since - SKEW)
        for _ in range(PAGES):
            page = await self._page(place, after)
            for message in filter(self._is_ours, page):
                own = {wanted[m] for m in marks_of(message) if m in wanted}
                if str(message.get("nonce")) in nonces:
                    own.add(nonces[str(message["nonce"])])
                ref = Ref(place, int(message["id"]), threaded="thread" in message)
                found |= {key: ref for key in own if key not in found}
            if len(page) < PAGE or len(found) == len(keys):
                break
            after = max(int(message["id"]) for message in page)
        return found

    async def posts(self, channel: Channel, keys: Sequence[str], since: datetime) -> dict[str, Ref]:
        """Find forum posts of ours: those that are active, by their first message.

        Raises:
            DeliveryError: they cannot be read.
        """
        path = "/guilds/{guild_id}/threads/active"
        try:
            answer = await self._wire.call("GET", path, guild_id=int(channel.tenant))
        except DiscordRefused as refused:
            raise meaning(refused) from None
        found: dict[str, Ref] = {}
        wanted = {mark(key): key for key in keys}
        for thread in answer.get("threads") or ():
            post = int(thread["id"])
            ours = str(thread.get("owner_id")) == self._me()
            if thread.get("parent_id") != channel.id or not ours or sent_at(post) < since - SKEW:
                continue
            first = await self._first_message(post)
            for hit in marks_of(first) & wanted.keys():
                found[wanted[hit]] = Ref(post, post)
        return found

    async def _first_message(self, post: int) -> Json:
        path = "/channels/{channel_id}/messages/{message_id}"
        try:
            return await self._wire.call("GET", path, channel_id=post, message_id=post)
        except DiscordRefused as refused:
            if refused.code in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}:
                return {}
            raise meaning(refused) from None

    async def _page(self, place: int, after: int) -> list[Json]:
        """Up to a page of messages after an id, whatever their order."""
        query = {"after": str(after), "limit": str(PAGE)}
        path = "/channels/{channel_id}/messages"
        try:
            return await self._wire.read(path, query, channel_id=place)
        except DiscordRefused as refused:
            if refused.code == UNKNOWN_CHANNEL:
                return []
            raise meaning(refused) from None

    def _may_read(self, place: int) -> bool:
        """Without the permission the list is empty, which is no answer."""
        known = self._places.cached(place)
        if known is None or known.guild.me is None:
            return True
        return known.permissions_for(known.guild.me).read_message_history

    def _is_ours(self, message: Json) -> bool:
        return str((message.get("author") or {}).get("id")) == self._me()

    def _me(self) -> str:
        client = self._wire.client
        return str(client.user.id) if client and client.user else ""


def threads_are_made(kind: Kind) -> bool:
    return kind in {Kind.TEXT, Kind.ANNOUNCEMENT}
