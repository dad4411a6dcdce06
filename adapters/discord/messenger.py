"""Sends to Discord: the messenger port over its REST API.

A root is a message, and a thread is made from it (forum: a post is both). Every create carries a
nonce made from the delivery key, so that repeating it within minutes gives the first message;
later it is found by its mark in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from adapters.discord.bodies import Bodies
from adapters.discord.channels import Channels, Kind
from adapters.discord.deferred import Deferred
from adapters.discord.errors import BOT_BUCKET, DiscordRefused, meaning
from adapters.discord.markup import mention_parts
from adapters.discord.people import QUIET, direct_channel, member_name
from adapters.discord.pins import DiscordPins
from adapters.discord.posting import Posting
from adapters.discord.rate_limit import AT_ONCE, REQUESTS_PER_SECOND
from adapters.discord.recovery import DiscordRecovery
from adapters.discord.refs import Ref, channel_number, read_known, read_ref
from adapters.discord.rest import CONNECTIONS, RestClient
from adapters.discord.threads import DiscordThreads, line_key
from bot.domain.errors import ChannelGone
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messenger import Access, Bucket

log = structlog.get_logger()

# A root and its thread together stay within the time that the worker gives to one step.
ROOT_SECONDS: Final = 6.0


class DiscordMessenger:
    """Speaks to all guilds of the bot.

    `clock` gives aware UTC, `monotonic` seconds. `requests_per_second` is the bot's limit over
    all guilds; None: Discord says when it is too much.
    """

    platform = "discord"
    # Discord lets short bursts pass, and `RestClient` knows each channel's limit from its headers.
    channel_interval = 0.0
    closes_threads = True
    rationed = False

    def __init__(
        self,
        rest: RestClient,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        requests_per_second: float | None = REQUESTS_PER_SECOND,
    ) -> None:
        self.rest, self.channels = rest, Channels(rest)
        self._recovery = DiscordRecovery(rest, self.channels, clock)
        self._posting = Posting(rest, clock, monotonic)
        self._threads = DiscordThreads(rest, self.channels, self._posting, monotonic)
        rate = requests_per_second
        self._bucket = (Bucket(BOT_BUCKET, rate, burst=AT_ONCE),) if rate else ()
        self._bodies, self.pins = Bodies(), DiscordPins(rest, self.channels)

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        """Return the bot's limit by requests; a root and its thread, a reply and its line: two."""
        kind = self.channels.known_kind(channel)
        one = revising or (kind is not None and not kind.has_threads)
        return self._bucket if one else self._bucket * 2

    def at_once(self, channel: Channel, ready: int) -> int:
        del channel, ready  # the REST client holds back what Discord limits
        return CONNECTIONS

    async def open_thread(
        self, channel: Channel, message: Message, key: str, *, mention: str | None = None
    ) -> str:
        channel_id = channel_number(channel)
        kind = await self._kind(channel)
        body = self._bodies.of(channel, message, key, mention)
        if message.ended:
            body["flags"] = QUIET
        try:
            if kind is Kind.FORUM:
                post = await self._threads.open_post(channel_id, message, body)
                return str(Ref(post, post))
            root_id = await self._posting.create(channel_id, body, key, seconds=ROOT_SECONDS)
        except DiscordRefused as refused:
            raise meaning(refused) from None
        threaded = bool(
            root_id
            and kind.has_threads
            and await self._threads.make_with_root(channel_id, root_id, message)
        )
        if kind is Kind.ANNOUNCEMENT:
            await self._posting.publish(channel_id, root_id)
        return str(Ref(channel_id, root_id, threaded=threaded))

    async def reply(
        self,
        channel: Channel,
        root: str,
        message: Message,
        key: str,
        *,
        in_channel: bool = False,
        mention: str | None = None,
    ) -> str:
        ref = read_known(root)
        channel_id = channel_number(channel)
        kind = await self._kind(channel)
        if ref.is_post:
            body = self._bodies.of(channel, message, key, mention)
            return str(
                await self._threads.reply_in_post(
                    channel_id, ref, message, body, key, in_channel=in_channel
                )
            )
        line: Ref | None = None
        if kind.has_threads and in_channel:
            called = mention_parts(mention)
            line = await self._threads.line(channel_id, ref, message, key, called)
            if kind is Kind.ANNOUNCEMENT and message.ended:
                # Who follows the channel from another server learns of the end too.
                await self._posting.publish(channel_id, line.message)
        body = self._bodies.of(channel, message, key, None if line else mention)
        if kind.has_threads:
            return str(await self._threads.reply(channel_id, ref, body, key, line))
        return str(await self._threads.reply_in_channel(channel_id, ref, body, key))

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        ref = read_known(message)
        kind = await self._kind(channel)
        body = self._bodies.of(channel, card, key)
        is_root = message == root
        if is_root and kind is Kind.ANNOUNCEMENT:
            await self._posting.change_published(ref, body, ended=card.ended)
        else:
            await self._posting.change_in_turn(ref, body, ended=card.ended)
        if (is_root and kind.has_threads) or (ref.is_post and (is_root or not root)):
            forum_id = channel_number(channel) if ref.is_post else None
            await self._threads.names.keep_up(ref.thread, card, forum_id)

    async def close_thread(self, channel: Channel, root: str) -> None:
        ref = read_known(root)
        if ref.is_post or (await self._kind(channel)).has_threads:
            await self._posting.archive(ref.thread)

    def begins_thread(self, message: str) -> bool:
        """Return whether it is a forum post: as a reply it took the place of one closed to us."""
        ref = read_ref(message)
        return ref is not None and ref.is_post

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        channel_id = channel_number(channel)
        kind = await self._kind(channel)
        ref = read_ref(root) if root else None
        if ref is None and kind is Kind.FORUM:
            found = await self._recovery.posts(channel, keys, since)
        elif ref is None:
            found = await self._recovery.in_channel(channel, channel_id, keys, since)
            for own in found.values() if kind is Kind.ANNOUNCEMENT else ():
                # It may have been cut off before it was published; twice is harmless.
                await self._posting.publish(channel_id, own.message)
        elif ref.is_post:
            found = await self._recovery.in_channel(channel, ref.thread, keys, since)
            if left := [key for key in keys if key not in found]:
                # As the first message of a post that took its place.
                found |= await self._recovery.posts(channel, left, since)
        else:
            found = {}
            if kind.has_threads:
                found = await self._recovery.in_channel(channel, ref.thread, keys, since)
            found |= await self._find_in_channel(channel, set(keys) - found.keys(), since)
        return {key: str(own) for key, own in found.items()}

    async def _find_in_channel(
        self, channel: Channel, keys: Collection[str], since: datetime
    ) -> dict[str, Ref]:
        """Find replies where those go that find no thread, and the lines of others."""
        if not keys:
            return {}
        lines = {line_key(key) for key in keys}
        place = channel_number(channel)
        here = await self._recovery.in_channel(channel, place, [*keys, *lines], since)
        for key in lines & here.keys():
            self._threads.remember_line(key, here[key])
        return {key: ref for key, ref in here.items() if key not in lines}

    async def access(self, channel: Channel) -> Access:
        return await self.channels.access(channel)

    async def say(
        self, channel: Channel, message: Message, key: str, *, mention: str | None = None
    ) -> str:
        channel_id = channel_number(channel)
        kind = await self._kind(channel)
        body = self._bodies.of(channel, message, key, mention)
        try:
            if kind is Kind.FORUM:
                post = await self._threads.open_post(channel_id, message, body)
                return str(Ref(post, post))
            return str(Ref(channel_id, await self._posting.create(channel_id, body, key)))
        except DiscordRefused as refused:
            raise meaning(refused) from None

    async def members(self, channel: Channel) -> int | None:
        """Return how many people may read a channel that is open to its whole server, else None."""
        return self.channels.open_members(channel)

    async def direct(self, channel: Channel, person: str) -> Channel:
        return await direct_channel(self.rest, self._posting, channel, person)

    async def name_of(self, channel: Channel, person: str) -> str:
        return await member_name(self.rest, channel.tenant, person)

    @property
    def deferred(self) -> Deferred:
        """The work that limits put off: publishing, late edits, making threads."""
        return self._posting.deferred

    async def close(self) -> None:
        await self.deferred.close()

    async def _kind(self, channel: Channel) -> Kind:
        kind = await self.channels.kind(channel)
        if kind is Kind.NONE:
            raise ChannelGone("nobody can write in a channel of that kind")
        return kind
