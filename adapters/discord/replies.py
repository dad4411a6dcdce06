"""Replies: into the root's thread, and where there is none to write in, into the channel."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from adapters.discord import errors
from adapters.discord.errors import DiscordRefused, meaning
from adapters.discord.posting import Posting
from adapters.discord.recovery import DiscordRecovery
from adapters.discord.refs import Ref, mark
from adapters.discord.render import headline
from adapters.discord.rest import Json
from adapters.discord.threads import Threads
from bot.domain.message import Message

_REMEMBERED: Final = 20_000
# What a thread may answer for which the channel itself is the next best place.
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


class NoThread(Exception):
    """There is no thread that we may write in."""


class Replies:
    def __init__(self, posting: Posting, threads: Threads, look_back: DiscordRecovery) -> None:
        self._posting = posting
        self._threads = threads
        self._look_back = look_back
        # Lines in channels by their keys: what stands is not said again if the rest has to be.
        self._standing: OrderedDict[str, Ref] = OrderedDict()

    async def in_thread(self, place: int, root: Ref, body: Json, key: str, line: Ref | None) -> Ref:
        """Post `body` into the thread of `root`; without one, into the channel `place`.

        `line` is what stands in the channel of this news already: then that says all instead.
        """
        try:
            return Ref(root.thread, await self._into_thread(place, root, body, key))
        except NoThread:
            if line is None or not line.message:
                return await self.in_channel(place, root, body, key)
            await self._posting.change(line, body)
            return line

    async def _into_thread(self, place: int, root: Ref, body: Json, key: str) -> int:
        """Make the thread where that was never done.

        Raises:
            NoThread: there is none that we may write in.
        """
        for made in (False, True):
            try:
                return await self._posting.create(root.thread, body, key)
            except DiscordRefused as refused:
                if refused.code == errors.UNKNOWN_CHANNEL and not made:
                    if await self._threads.make(place, root.message, None):
                        continue
                    raise NoThread from None
                if refused.code in _CLOSED:
                    raise NoThread from None
                raise meaning(refused) from None
        raise NoThread

    async def in_channel(self, place: int, root: Ref, body: Json, key: str) -> Ref:
        """Answer the root in its channel."""
        try:
            return Ref(place, await self._posting.create(place, {**body, **_answers(root)}, key))
        except DiscordRefused as refused:
            raise meaning(refused) from None

    async def line(
        self, place: int, root: Ref, card: Message, key: str, called: str, allowed: Json
    ) -> Ref:
        """One line for the whole channel, which points into the thread. Said once per key."""
        own = _line_key(key)
        if known := self._standing.get(own):
            return known
        text = f"{called}{headline(card)}\n-# more in <#{root.thread}> · ref {mark(own)}"
        body: Json = {"content": text, "allowed_mentions": allowed}
        ref = await self.in_channel(place, root, body, own)
        self._remember(own, ref)
        return ref

    async def find(
        self, place: int, root: Ref, keys: Sequence[str], since: datetime, *, threaded: bool
    ) -> dict[str, Ref]:
        """In the thread, else in the channel, where replies go that find no thread."""
        found: dict[str, Ref] = {}
        if threaded:
            found = await self._look_back.in_channel(root.thread, keys, since)
        if left := [key for key in keys if key not in found]:
            lines = [_line_key(key) for key in left]
            here = await self._look_back.in_channel(place, [*left, *lines], since)
            for key in here:
                if key in lines:
                    self._remember(key, here[key])
                else:
                    found[key] = here[key]
        return found

    def _remember(self, key: str, ref: Ref) -> None:
        self._standing[key] = ref
        if len(self._standing) > _REMEMBERED:
            self._standing.popitem(last=False)


def _line_key(key: str) -> str:
    return f"{key}/channel"


def _answers(root: Ref) -> Json:
    if not root.message:
        return {}
    return {"message_reference": {"message_id": str(root.message), "fail_if_not_exists": False}}
