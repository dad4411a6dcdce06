"""Names and tags of threads, which say the state that their roots show.

Best effort: a thread that cannot be named is no reason to hold back or repeat an update.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from adapters.chat.http import Json
from adapters.discord.channels import Channels
from adapters.discord.errors import DiscordRefused
from adapters.discord.posting import Posting
from adapters.discord.render import UP, state_of, thread_name
from bot.domain.errors import DeliveryError
from bot.domain.message import Message

log = structlog.get_logger()

# Discord takes two new names of a channel in ten minutes, and shows each in the thread.
_NAMES: Final = 2
_NAMES_SECONDS: Final = 600.0
_REMEMBERED: Final = 20_000


@dataclass(slots=True)
class _Name:
    """The name that we last gave a thread, and when."""

    name: str
    renamed: list[float] = field(default_factory=list)


class ThreadNames:
    """Renames threads as rarely as Discord asks for. `monotonic` gives seconds."""

    def __init__(
        self, channels: Channels, posting: Posting, monotonic: Callable[[], float]
    ) -> None:
        self._channels = channels
        self._posting = posting
        self._monotonic = monotonic
        self._names: OrderedDict[int, _Name] = OrderedDict()

    async def keep_up(self, thread_id: int, message: Message, forum_id: int | None) -> None:
        """Let name and tags say the state that the root shows; un-archive what goes on again."""
        name = thread_name(message)
        known = self._names.get(thread_id)
        try:
            present = known.name if known else await self._channels.thread_name(thread_id)
        except DeliveryError as error:
            log.info("discord.thread_not_named", thread=thread_id, reason=error.reason)
            return
        if present is not None and known is None:
            self.remember(thread_id, present)
        # None: there is none. No state in front: somebody else named it.
        if present is None or present == name or (state := state_of(present)) is None:
            return
        if state == state_of(name) and not message.ended:
            return
        # An end, and going on after it, are always shown; for them one renaming is kept.
        if known and not message.ended and state != UP:
            since = self._monotonic() - _NAMES_SECONDS
            if sum(at > since for at in known.renamed) >= _NAMES - 1:
                return
        body: Json = {"name": name, "archived": False}
        with suppress(DiscordRefused, DeliveryError):  # then it keeps the tags that it has
            tags = await self._channels.tags_for(forum_id, message) if forum_id else []
            body |= {"applied_tags": [str(tag) for tag in tags]} if tags else {}
        if await self._posting.change_thread(thread_id, body):
            self.remember(thread_id, name)

    def remember(self, thread_id: int, name: str) -> None:
        known = self._names.pop(thread_id, None)
        renamed = [*known.renamed[-3:], self._monotonic()] if known else []
        self._names[thread_id] = _Name(name, renamed)
        if len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)
