"""Creates and changes single messages, each once and as Discord's limits let it.

https://docs.discord.com/developers/resources/message
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from adapters.discord import errors
from adapters.discord.deferred import Deferred, Work
from adapters.discord.errors import DiscordRefused, meaning
from adapters.discord.refs import Ref, nonce, sent_at
from adapters.discord.rest import CALL_SECONDS, Json, RestClient
from adapters.discord.threads import Threads
from bot.domain.errors import DeliveryError, MessageGone, RateLimited, Uncertain

log = structlog.get_logger()

# Changing a message older than an hour: 3 in 6 s a channel (code 30046); we take one in 10 s.
OLD: Final = timedelta(hours=1)
OLD_EDIT_SECONDS: Final = 10.0
# Three changes an hour of a published message: two on the way, one for the end.
BETWEEN_PUBLISHED: Final = timedelta(minutes=30)
_MESSAGES: Final = "/channels/{channel_id}/messages"
_MESSAGE: Final = "/channels/{channel_id}/messages/{message_id}"
_REMEMBERED: Final = 20_000


class Posting:
    """`clock` gives aware UTC, `monotonic` seconds."""

    def __init__(
        self,
        wire: RestClient,
        threads: Threads,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._wire = wire
        self._threads = threads
        self._clock = clock
        self._monotonic = monotonic
        self._later = Deferred()
        self._edited: dict[int, float] = {}

    async def create(
        self, place: int, body: Json, key: str, *, seconds: float = CALL_SECONDS
    ) -> int:
        """Post a message once per key and place; returns its id.

        0 stands for one that was posted with this key and then deleted by somebody: delivered,
        and not to be repeated (discord/discord-api-docs#6647).

        Raises:
            Refused: Discord answered no. DeliveryError: as `RestClient.call`.
        """
        sent = {**body, "nonce": nonce(key), "enforce_nonce": True}
        try:
            answer = await self._wire.call(
                "POST", _MESSAGES, sent, seconds=seconds, channel_id=place
            )
        except DiscordRefused as refused:
            if refused.code == errors.UNKNOWN_MESSAGE:
                return 0
            if refused.code == errors.NO_HISTORY and "message_reference" in body:
                bare = {name: part for name, part in body.items() if name != "message_reference"}
                return await self.create(place, bare, key, seconds=seconds)
            raise
        if "id" not in answer:
            raise Uncertain("an answer without a message")
        return int(answer["id"])

    async def change(self, ref: Ref, body: Json, *, again_archived: bool = False) -> None:
        """Put `body` in place of what a message shows; in an archived thread, open it for that.

        Raises:
            MessageGone: the message, its thread, or the right to change it is gone.
        """
        if not ref.message:
            raise MessageGone("the message was deleted")
        for opened in (False, True):
            try:
                await self._patch(ref, body)
            except DiscordRefused as refused:
                if refused.code != errors.THREAD_ARCHIVED or opened:
                    raise _of_change(refused) from None
                if not await self._threads.unarchive(ref.place):
                    raise MessageGone("the thread is archived and locked") from None
            else:
                if opened and again_archived:
                    await self._threads.archive(ref.place)
                return

    async def change_in_turn(self, ref: Ref, body: Json, *, ended: bool) -> None:
        """The same, with changes of an old message ten seconds apart: the last state wins.

        Raises:
            RateLimited: not yet.
        """
        self._require_turn(ref)
        await self.change(ref, body, again_archived=ended)

    async def change_published(self, ref: Ref, body: Json, *, ended: bool) -> None:
        """The same for a published message, which may change three times an hour.

        One of the three is kept for the end. Where it has to wait, nobody waits for it: the
        channel's replies must not be held back.
        """
        name = f"edit:{ref.message}"
        self._later.drop(name)
        wait = 0.0 if ended else await self._until_its_turn(ref)
        try:
            if wait <= 0:
                await self.change(ref, body)
                return
        except RateLimited as limited:
            wait = limited.retry_after
        self._later.put_off(name, wait, lambda: self.change(ref, body))

    async def _until_its_turn(self, ref: Ref) -> float:
        """Seconds until half an hour has passed since its last change, which Discord knows."""
        try:
            message = await self._wire.call(
                "GET", _MESSAGE, channel_id=ref.place, message_id=ref.message
            )
            edited = datetime.fromisoformat(message.get("edited_timestamp") or "")
        except (DiscordRefused, ValueError):
            return 0.0
        return (edited + BETWEEN_PUBLISHED - self._clock()).total_seconds()

    def publish(self, place: int, message: int) -> None:
        """Publish a message of an announcement channel: soon, or when its limits let us."""
        if message:
            name = f"publish:{message}"
            self._later.put_off(name, 0, lambda: self._crosspost(place, message))

    def put_off(self, name: str, seconds: float, work: Work) -> None:
        """Do something that nobody waits for; see `Deferred`."""
        self._later.put_off(name, seconds, work)

    async def close(self) -> None:
        await self._later.close()

    async def _patch(self, ref: Ref, body: Json) -> None:
        try:
            await self._wire.call(
                "PATCH", _MESSAGE, body, channel_id=ref.place, message_id=ref.message
            )
        except Uncertain as unsure:
            # The whole state was sent and may be sent again: nothing to look up.
            raise DeliveryError(unsure.reason) from None

    async def _crosspost(self, place: int, message: int) -> None:
        path = f"{_MESSAGE}/crosspost"
        try:
            await self._wire.call("POST", path, channel_id=place, message_id=message)
        except DiscordRefused as refused:
            if refused.status >= 500:
                raise meaning(refused) from None
            if refused.code != errors.ALREADY_PUBLISHED:
                log.info("discord.not_published", channel=place, code=refused.code)

    def _require_turn(self, ref: Ref) -> None:
        if self._clock() - sent_at(ref.message) < OLD:
            return
        now = self._monotonic()
        wait = self._edited.get(ref.message, now - OLD_EDIT_SECONDS) + OLD_EDIT_SECONDS - now
        if wait > 0:
            raise RateLimited("changes of an old message", retry_after=wait)
        if len(self._edited) > _REMEMBERED:
            self._edited.clear()
        self._edited[ref.message] = now


def _of_change(refused: DiscordRefused) -> DeliveryError:
    if refused.code == errors.UNKNOWN_CHANNEL:
        # For a thread: it was deleted. For a channel the next message will tell.
        return MessageGone("the message's channel or thread was deleted")
    error = meaning(refused)
    return DeliveryError(error.reason) if isinstance(error, Uncertain) else error
