"""Creates and changes single messages and threads, each once and as Discord's limits let it.

https://docs.discord.com/developers/resources/message
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from adapters.chat.http import Json
from adapters.discord import errors
from adapters.discord.deferred import Deferred, Job
from adapters.discord.errors import DiscordRefused, meaning
from adapters.discord.refs import Ref, nonce, sent_at
from adapters.discord.rest import CALL_SECONDS, RestClient
from bot.domain.errors import DeliveryError, MessageGone, RateLimited, Uncertain

log = structlog.get_logger()

# Changing a message older than an hour: 3 in 6 s a channel (code 30046); we take one in 10 s.
OLD: Final = timedelta(hours=1)
OLD_EDIT_SECONDS: Final = 10.0
# Three changes an hour of a published message: two on the way, one for the end.
BETWEEN_PUBLISHED: Final = timedelta(minutes=30)
_CHANNEL: Final = "/channels/{channel_id}"
_MESSAGES: Final = f"{_CHANNEL}/messages"
_MESSAGE: Final = f"{_MESSAGES}/{{message_id}}"
_REMEMBERED: Final = 20_000
AUTO_ARCHIVE_MINUTES: Final = 4320  # 60, 1440, 4320 or 10080
# Kinds of deferred work.
PUBLISH, CHANGE, THREAD = "publish", "change", "thread"


class Posting:
    """`clock` gives aware UTC, `monotonic` seconds."""

    def __init__(
        self, rest: RestClient, clock: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._monotonic = monotonic
        self.deferred = Deferred(self.do)
        self._edited: dict[int, float] = {}

    async def create(
        self, channel_id: int, body: Json, key: str, *, seconds: float = CALL_SECONDS
    ) -> int:
        """Post a message once per key and channel (or thread); return its id.

        0 stands for one that was posted with this key and then deleted by somebody: delivered,
        and not to be repeated (discord/discord-api-docs#6647).

        Raises:
            DiscordRefused: Discord answered no. DeliveryError: as `RestClient.call`.
        """
        sent = {**body, "nonce": nonce(key), "enforce_nonce": True}
        try:
            answer = await self._rest.call(
                "POST", _MESSAGES, sent, seconds=seconds, channel_id=channel_id
            )
        except DiscordRefused as refused:
            if refused.code == errors.UNKNOWN_MESSAGE:
                return 0
            if refused.code == errors.NO_HISTORY and "message_reference" in body:
                bare = {name: part for name, part in body.items() if name != "message_reference"}
                return await self.create(channel_id, bare, key, seconds=seconds)
            raise
        if "id" not in answer:
            raise Uncertain("an answer without a message")
        return int(answer["id"])

    async def change(self, ref: Ref, body: Json, *, archive_again: bool = False) -> None:
        """Put `body` in place of what a message shows; in an archived thread, open it for that.

        Raises:
            MessageGone: the message, its thread, or the right to change it is gone.
        """
        if not ref.message:
            raise MessageGone("the message was deleted")
        for reopened in (False, True):
            try:
                await self._rest.call(
                    "PATCH", _MESSAGE, body, channel_id=ref.place, message_id=ref.message
                )
            except DiscordRefused as refused:
                if refused.code == errors.UNKNOWN_CHANNEL:
                    # For a thread: it was deleted. For a channel the next message will tell.
                    gone = "the message's channel or thread was deleted"
                    raise MessageGone(gone) from None
                if refused.code != errors.THREAD_ARCHIVED or reopened:
                    raise meaning(refused) from None
                if not await self.change_thread(ref.place, {"archived": False}):
                    raise MessageGone("the thread is archived and locked") from None
            else:
                if reopened and archive_again:
                    await self.archive(ref.place)
                return

    async def change_in_turn(self, ref: Ref, body: Json, *, ended: bool) -> None:
        """The same, with changes of an old message ten seconds apart: the last state wins.

        Raises:
            RateLimited: not yet.
        """
        if self._clock() - sent_at(ref.message) >= OLD:
            now = self._monotonic()
            last = self._edited.get(ref.message, now - OLD_EDIT_SECONDS)
            if (wait := last + OLD_EDIT_SECONDS - now) > 0:
                raise RateLimited("changes of an old message", retry_after=wait)
            if len(self._edited) > _REMEMBERED:
                self._edited.clear()
            self._edited[ref.message] = now
        await self.change(ref, body, archive_again=ended)

    async def change_published(self, ref: Ref, body: Json, *, ended: bool) -> None:
        """The same for a published message, which may change three times an hour.

        One of the three is kept for the end. Where it has to wait, nobody waits for it: the
        channel's replies must not be delayed.
        """
        job = Job(CHANGE, ref.place, ref.message, body)
        await self.deferred.drop(job.name)
        wait = 0.0
        try:
            # Where it was deleted, or we may not read it, the change itself will tell.
            with suppress(DiscordRefused):
                message: Json = {}
                if not ended:
                    message = await self._rest.call(
                        "GET", _MESSAGE, channel_id=ref.place, message_id=ref.message
                    )
                # Half an hour after the last change, which Discord knows.
                if edited := message.get("edited_timestamp"):
                    next_change = datetime.fromisoformat(edited) + BETWEEN_PUBLISHED
                    wait = (next_change - self._clock()).total_seconds()
            if wait <= 0:
                await self.change(ref, body)
                return
        except RateLimited as limited:
            wait = limited.retry_after
        await self.deferred.put_off(job, wait)

    async def publish(self, channel_id: int, message_id: int) -> None:
        """Publish a message of an announcement channel: soon, or when its limits let us."""
        if message_id:
            await self.deferred.put_off(Job(PUBLISH, channel_id, message_id, {}), 0.0)

    async def do(self, job: Job) -> None:
        """Carry out a deferred job. Raises as `RestClient.call` does."""
        if job.kind == CHANGE:
            await self.change(Ref(job.channel_id, job.message_id), job.body)
        elif job.kind == THREAD:
            await self.make_thread(job.channel_id, job.message_id, job.body["name"])
        elif job.kind == PUBLISH:
            try:
                await self._rest.call(
                    "POST",
                    f"{_MESSAGE}/crosspost",
                    channel_id=job.channel_id,
                    message_id=job.message_id,
                )
            except DiscordRefused as refused:
                if refused.code != errors.ALREADY_PUBLISHED:
                    code = refused.code
                    log.info("discord.message_not_published", channel=job.channel_id, code=code)

    async def make_thread(
        self, channel_id: int, root_id: int, name: str, *, seconds: float = CALL_SECONDS
    ) -> bool:
        """Make the thread of a root, once; its id is the root's. Returns whether there is one.

        Raises:
            DeliveryError: not known whether there is.
        """
        body: Json = {"name": name, "auto_archive_duration": AUTO_ARCHIVE_MINUTES}
        try:
            await self._rest.call(
                "POST",
                f"{_MESSAGE}/threads",
                body,
                seconds=seconds,
                channel_id=channel_id,
                message_id=root_id,
            )
        except DiscordRefused as refused:
            if refused.code != errors.THREAD_EXISTS:
                log.info("discord.thread_not_made", channel=channel_id, code=refused.code)
                return False
        return True

    async def archive(self, thread_id: int) -> None:
        """Archive a thread; one that is gone, locked or not ours to archive is left alone.

        Raises:
            DeliveryError: it may not be archived yet.
        """
        try:
            await self._rest.call("PATCH", _CHANNEL, {"archived": True}, channel_id=thread_id)
        except DiscordRefused as refused:
            log.info("discord.thread_not_archived", thread=thread_id, code=refused.code)

    async def change_thread(self, thread_id: int, body: Json) -> bool:
        """Change a thread's name, tags or state. Returns whether that was done."""
        try:
            await self._rest.call("PATCH", _CHANNEL, body, channel_id=thread_id)
        except (DiscordRefused, DeliveryError) as error:
            log.info("discord.thread_not_changed", thread=thread_id, reason=str(error))
            return False
        return True
