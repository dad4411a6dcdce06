"""Threads: made from a root or opened as posts, and the replies that go into them.

Everything here but posts and replies is best effort: a thread that cannot be made or named is no
reason to hold back or repeat an update. https://docs.discord.com/developers/topics/threads
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import structlog

from adapters.chat.http import Json
from adapters.discord import errors
from adapters.discord.channels import Channels
from adapters.discord.deferred import Job
from adapters.discord.errors import DiscordRefused, meaning
from adapters.discord.posting import AUTO_ARCHIVE_MINUTES, THREAD, Posting
from adapters.discord.refs import Ref
from adapters.discord.render import line_of, name_from_root, thread_name
from adapters.discord.rest import CALL_SECONDS, RestClient
from adapters.discord.thread_names import ThreadNames
from bot.domain.errors import ChannelGone, DeliveryError, MessageGone, RateLimited
from bot.domain.message import Message

log = structlog.get_logger()

# A root and its thread together stay within the time that the worker gives to one step.
THREAD_SECONDS: Final = 3.0
# A thread that could not be made with its root is made so much later, or with the first reply.
THREAD_AGAIN_SECONDS: Final = 3.0
_REMEMBERED: Final = 20_000
# Refusals of a thread for which the channel itself is the next best place.
_CLOSED: Final = frozenset(
    {
        errors.THREAD_LOCKED,
        errors.THREAD_ARCHIVED,
        errors.MISSING_PERMISSIONS,
        errors.MISSING_ACCESS,
        errors.UNKNOWN_CHANNEL,
        *errors.TOO_MANY_THREADS,
    }
)


class DiscordThreads:
    """Makes, names and fills threads. `monotonic` gives seconds."""

    def __init__(
        self,
        rest: RestClient,
        channels: Channels,
        posting: Posting,
        monotonic: Callable[[], float],
    ) -> None:
        self._rest = rest
        self._channels = channels
        self._posting = posting
        self.names = ThreadNames(channels, posting, monotonic)
        # Lines in channels by their keys: what was posted is not repeated with the rest.
        self._lines: OrderedDict[str, Ref] = OrderedDict()

    async def make(
        self, channel_id: int, root_id: int, name: str, *, seconds: float = CALL_SECONDS
    ) -> bool:
        """Make the thread of a root, and remember its name. As `Posting.make_thread`."""
        made = await self._posting.make_thread(channel_id, root_id, name, seconds=seconds)
        if made:
            self.names.remember(root_id, name)
        return made

    async def make_with_root(self, channel_id: int, root_id: int, message: Message) -> bool:
        """Make the thread of a root that was just posted: now, a moment later, or with a reply.

        Returns whether it was made now.
        """
        name = thread_name(message)
        try:
            return await self.make(channel_id, root_id, name, seconds=THREAD_SECONDS)
        except DeliveryError as error:
            log.info("discord.thread_deferred", channel=channel_id, reason=error.reason)
            wait = error.retry_after if isinstance(error, RateLimited) else 0.0
        job = Job(THREAD, channel_id, root_id, {"name": name})
        await self._posting.deferred.put_off(job, max(wait, THREAD_AGAIN_SECONDS))
        return False

    async def open_post(self, forum_id: int, message: Message, body: Json) -> int:
        """Open a forum post; return its id, which is also its first message's.

        Raises:
            DiscordRefused: and DeliveryError, as `RestClient.call`; there is no nonce for posts.
        """
        post: Json = {
            "name": thread_name(message),
            "auto_archive_duration": AUTO_ARCHIVE_MINUTES,
            "message": body,
        }
        if tags := await self._channels.tags_for(forum_id, message):
            post["applied_tags"] = [str(tag) for tag in tags]
        path = "/channels/{channel_id}/threads"
        answer = await self._rest.call("POST", path, post, channel_id=forum_id)
        self.names.remember(int(answer["id"]), post["name"])
        return int(answer["id"])

    async def reply(
        self, channel_id: int, root: Ref, body: Json, key: str, line: Ref | None = None
    ) -> Ref:
        """Post `body` into the thread of `root`; without one, into the channel.

        `line`: what was posted of this in the channel already; then that says all instead.
        """
        for made in (False, True):
            try:
                return Ref(root.thread, await self._posting.create(root.thread, body, key))
            except DiscordRefused as refused:
                if refused.code not in _CLOSED:
                    raise meaning(refused) from None
                if refused.code != errors.UNKNOWN_CHANNEL or made:
                    break
                # It was never made, or somebody deleted it. Its name is that of the root by now.
                path = "/channels/{channel_id}/messages/{message_id}"
                try:
                    found = await self._rest.call(
                        "GET", path, channel_id=root.place, message_id=root.message
                    )
                except DiscordRefused:  # deleted, or we may not read it
                    found = {}
                name = name_from_root(str(found.get("content") or ""))
                if not await self.make(channel_id, root.message, name):
                    break
        if line is None or not line.message:
            return await self.reply_in_channel(channel_id, root, body, key)
        await self._posting.change(line, body)
        return line

    async def reply_in_post(
        self, forum_id: int, root: Ref, message: Message, body: Json, key: str, *, in_channel: bool
    ) -> Ref:
        """Post `body` into a forum post.

        Where that was deleted or locked, what is for the whole channel opens a new post, of which
        the reference tells.

        Raises:
            MessageGone: there is none to write in, and this is not worth a new one.
        """
        post = root.thread
        try:
            return Ref(post, await self._posting.create(post, body, key))
        except DiscordRefused as refused:
            error = meaning(refused)
            if not isinstance(error, ChannelGone | MessageGone):
                raise error from None
            if not in_channel:
                raise MessageGone(error.reason) from None
        log.info("discord.post_replaced", channel=forum_id, reason=error.reason)
        try:
            post = await self.open_post(forum_id, message, body)
        except DiscordRefused as refused:
            raise meaning(refused) from None
        return Ref(post, post)

    async def reply_in_channel(self, channel_id: int, root: Ref, body: Json, key: str) -> Ref:
        """Post `body` as an answer to the root."""
        if root.message:
            reference = {"message_id": str(root.message), "fail_if_not_exists": False}
            body = {**body, "message_reference": reference}
        try:
            return Ref(channel_id, await self._posting.create(channel_id, body, key))
        except DiscordRefused as refused:
            raise meaning(refused) from None

    async def line(
        self, channel_id: int, root: Ref, message: Message, key: str, mention: tuple[str, Json]
    ) -> Ref:
        """Post one line for the whole channel, which points into the thread; once per key.

        `mention`: what is written in front, and whom it may notify.
        """
        own = line_key(key)
        if known := self._lines.get(own):
            return known
        body = line_of(message, root.thread, own)
        body["content"] = f"{mention[0]}{body['content']}"
        body["allowed_mentions"] = mention[1]
        ref = await self.reply_in_channel(channel_id, root, body, own)
        self.remember_line(own, ref)
        return ref

    def remember_line(self, key: str, ref: Ref) -> None:
        self._lines[key] = ref
        if len(self._lines) > _REMEMBERED:
            self._lines.popitem(last=False)


def line_key(key: str) -> str:
    """Return the key of the line in the channel that goes with a reply."""
    return f"{key}/channel"
