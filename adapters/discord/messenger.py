"""Sends to Discord: the messenger port over its REST API.

A root is a message, and a thread is made from it (forum: a post is both). Every create carries a
nonce made from the delivery key, so that repeating it within minutes gives the first message;
later it is found by its mark in the history.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from weakref import WeakKeyDictionary

import structlog

from adapters.discord.channels import Channels, Kind, kind_of
from adapters.discord.errors import BOT_BUCKET, DiscordRefused, meaning
from adapters.discord.posting import Posting
from adapters.discord.recovery import DiscordRecovery, threads_are_made
from adapters.discord.refs import Ref, read_ref
from adapters.discord.render import Rendered, body_of, marked, render
from adapters.discord.replies import Replies
from adapters.discord.rest import Json, RestClient
from adapters.discord.threads import Threads
from bot.domain.errors import ChannelGone, DeliveryError, MessageGone, RateLimited
from bot.domain.message import Block, Line, Lines, Message, Note, Quote, ThreadLink
from bot.domain.subscription import Channel
from bot.ports import Access, Bucket

log = structlog.get_logger()

# https://docs.discord.com/developers/topics/rate-limits#global-rate-limit: 50 in any second, so
# the rate and what may come at once stay below that together.
REQUESTS_A_SECOND: Final = 46.0
AT_ONCE: Final = 3
# A thread that could not be made with its root is made so much later, or with the first reply.
THREAD_AGAIN_SECONDS: Final = 3.0
# A root and its thread together stay within the time that the courier gives to one step.
ROOT_SECONDS: Final = 6.0
THREAD_SECONDS: Final = 3.0
QUIET: Final = 1 << 12  # SUPPRESS_NOTIFICATIONS: for what is over when it is first told
# Keys of what is never looked for: it is said once, as well as it goes.
PASSING: Final = ("say/", "welcome/", "test/")
NO_GUILD: Final = "@me"
_MENTION: Final = re.compile(r"<@(?P<role>&)?!?(?P<id>\d{5,25})>")


class DiscordMessenger:
    """Speaks to all guilds of the bot.

    `clock` gives aware UTC, `monotonic` seconds. `requests_a_second` is the bot's limit over all
    guilds; None: Discord says when it is too much.
    """

    platform = "discord"
    # Discord lets short bursts pass and discord.py waits by its headers, channel by channel.
    channel_interval = 0.0
    closes_threads = True

    def __init__(
        self,
        wire: RestClient,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        requests_a_second: float | None = REQUESTS_A_SECOND,
    ) -> None:
        self._wire = wire
        self.places = Channels(wire)
        self._threads = Threads(wire, self.places, monotonic)
        self._look_back = DiscordRecovery(wire, self.places, clock)
        self._posting = Posting(wire, self._threads, clock=clock, monotonic=monotonic)
        self._replies = Replies(self._posting, self._threads, self._look_back)
        rate = requests_a_second
        self._bucket = (Bucket(BOT_BUCKET, rate, burst=AT_ONCE),) if rate else ()
        self._drawn: WeakKeyDictionary[Message, Rendered] = WeakKeyDictionary()

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        """The bot's limit counts requests: a root with its thread, or a reply with its line, are
        two.
        """
        known = self.places.cached(int(channel.id)) if channel.id.isdigit() else None
        one = revising or (known is not None and not threads_are_made(kind_of(known)))
        return self._bucket if one else self._bucket * 2

    async def open_thread(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        place = _number(channel)
        kind = await self._kind(place)
        body = self._body(channel, card, key, mention)
        if card.ended:
            body["flags"] = QUIET
        try:
            if kind is Kind.FORUM:
                post = await self._threads.post(place, card, body)
                return str(Ref(post, post))
            message = await self._posting.create(place, body, key, seconds=ROOT_SECONDS)
        except DiscordRefused as refused:
            raise meaning(refused) from None
        threaded = threads_are_made(kind) and await self._make_thread(place, message, card)
        if kind is Kind.ANNOUNCEMENT:
            self._posting.publish(place, message)
        return str(Ref(place, message, threaded=threaded))

    async def _make_thread(self, place: int, message: int, card: Message) -> bool:
        """The root stands: a thread that cannot be made now is made with the first reply."""
        if not message:
            return False
        try:
            return await self._threads.make(place, message, card, seconds=THREAD_SECONDS)
        except DeliveryError as error:
            log.info("discord.thread_put_off", channel=place, reason=error.reason)
            wait = error.retry_after if isinstance(error, RateLimited) else 0.0
            wait = max(wait, THREAD_AGAIN_SECONDS)
            self._posting.put_off(
                f"thread:{message}", wait, lambda: self._threads.make_later(place, message, card)
            )
            return False

    async def reply(
        self,
        channel: Channel,
        root: str,
        card: Message,
        key: str,
        *,
        in_channel: bool = False,
        mention: str | None = None,
    ) -> str:
        ref = _known(root)
        place = _number(channel)
        if ref.is_post:
            body = self._body(channel, card, key, mention)
            return str(await self._reply_to_post(ref, body, key))
        if not threads_are_made(await self._kind(place)):
            body = self._body(channel, card, key, mention)
            return str(await self._replies.in_channel(place, ref, body, key))
        line: Ref | None = None
        if in_channel:
            line = await self._replies.line(place, ref, card, key, *called(mention))
        body = self._body(channel, card, key, None if line else mention)
        return str(await self._replies.in_thread(place, ref, body, key, line))

    async def _reply_to_post(self, ref: Ref, body: Json, key: str) -> Ref:
        try:
            return Ref(ref.thread, await self._posting.create(ref.thread, body, key))
        except DiscordRefused as refused:
            error = meaning(refused)
            # The post was deleted or closed to us; the forum may be fine.
            raise MessageGone(error.reason) if isinstance(error, ChannelGone) else error from None

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        ref = _known(message)
        kind = await self._kind(_number(channel))
        body = self._body(channel, card, key, None)
        is_root = message == root
        if is_root and kind is Kind.ANNOUNCEMENT:
            await self._posting.change_published(ref, body, ended=card.ended)
        else:
            await self._posting.change_in_turn(ref, body, ended=card.ended)
        if is_root and (ref.is_post or threads_are_made(kind)):
            forum = _number(channel) if ref.is_post else None
            await self._threads.keep_up(ref.thread, card, forum)

    async def close_thread(self, channel: Channel, root: str) -> None:
        ref = _known(root)
        if ref.is_post or threads_are_made(await self._kind(_number(channel))):
            await self._threads.archive(ref.thread)

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        place = _number(channel)
        kind = await self._kind(place)
        ref = read_ref(root) if root else None
        if ref is None and kind is Kind.FORUM:
            found = await self._look_back.posts(channel, keys, since)
        elif ref is None:
            found = await self._look_back.in_channel(place, keys, since)
            for own in found.values() if kind is Kind.ANNOUNCEMENT else ():
                # It may have been cut off before it was published; twice is harmless.
                self._posting.publish(place, own.message)
        elif ref.is_post:
            found = await self._look_back.in_channel(ref.thread, keys, since)
        else:
            threaded = threads_are_made(kind)
            found = await self._replies.find(place, ref, keys, since, threaded=threaded)
        return {key: str(own) for key, own in found.items()}

    async def access(self, channel: Channel) -> Access:
        return await self.places.access(_number(channel))

    async def say(self, channel: Channel, card: Message, key: str) -> None:
        place = _number(channel)
        kind = await self._kind(place)
        body = self._body(channel, card, key, None, mark=not key.startswith(PASSING))
        try:
            if kind is Kind.FORUM:
                await self._threads.post(place, card, body)
            else:
                await self._posting.create(place, body, key)
        except DiscordRefused as refused:
            raise meaning(refused) from None

    async def members(self, channel: Channel) -> int | None:
        """How many people may read a channel that is open to its whole server, else None."""
        known = self.places.cached(_number(channel))
        if known is None or not known.permissions_for(known.guild.default_role).view_channel:
            return None
        return known.guild.member_count

    async def direct(self, channel: Channel, person: str) -> Channel:
        """Where to write to one person alone: the same place at every call.

        Raises:
            DeliveryError: Discord did not say.
        """
        if not person.isdecimal():
            raise ChannelGone("nobody has that id")
        try:
            answer = await self._wire.call("POST", "/users/@me/channels", {"recipient_id": person})
        except DiscordRefused as refused:
            raise meaning(refused) from None
        return Channel(self.platform, channel.tenant, str(answer.get("id", "")))

    async def close(self) -> None:
        """Give up what was put off: publishing and changes of published messages."""
        await self._posting.close()

    async def _kind(self, place: int) -> Kind:
        kind = await self.places.kind(place)
        if kind is Kind.NONE:
            raise ChannelGone("nobody can write in a channel of that kind")
        return kind

    def _body(
        self, channel: Channel, card: Message, key: str, mention: str | None, *, mark: bool = True
    ) -> Json:
        whom, allowed = called(mention)
        drawn = self._draw(channel, card)
        body = body_of(marked(drawn, key) if mark else drawn)
        body["content"] = f"{whom}{body['content']}"
        body["allowed_mentions"] = allowed
        return body

    def _draw(self, channel: Channel, card: Message) -> Rendered:
        if _points_somewhere(card):  # such a card is one channel's own
            return render(card, int(channel.tenant) if channel.tenant.isdigit() else None)
        drawn = self._drawn.get(card)
        if drawn is None:
            drawn = self._drawn[card] = render(card)
        return drawn


def called(mention: str | None) -> tuple[str, Json]:
    """What stands in front of a message to call somebody, and whom that may notify.

    A person or a role; @everyone and @here are never called.
    """
    found = _MENTION.fullmatch(mention or "")
    if found is None:
        return "", {"parse": []}
    who = "roles" if found["role"] else "users"
    address = f"<@{found['role'] or ''}{found['id']}>"
    return f"{address} ", {"parse": [], who: [found["id"]]}


def _number(channel: Channel) -> int:
    if not channel.id.isdigit():
        raise ChannelGone("that is no channel of Discord's")
    return int(channel.id)


def _known(reference: str) -> Ref:
    """Read a reference.

    Raises:
        MessageGone: it points to nothing: the message was deleted before we knew its id.
    """
    ref = read_ref(reference)
    if ref is None or not ref.message:
        raise MessageGone("the message was deleted")
    return ref


def _points_somewhere(card: Message) -> bool:
    return any(
        isinstance(span, ThreadLink) for b in card.blocks for line in _lines(b) for span in line
    )


def _lines(block: Block) -> Sequence[Line]:
    match block:
        case Lines(lines):
            return lines
        case Note(line) | Quote(_, line):
            return (line,)
        case _:
            return ()
