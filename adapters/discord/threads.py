"""Threads: made from a root, named by state, tagged in forums, archived last.

Everything here but opening a post is done as well as it goes: a thread that cannot be made or
named is no reason to hold back or repeat news.
https://docs.discord.com/developers/topics/threads
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import discord
import structlog

from adapters.discord.channels import Channels, Tag
from adapters.discord.errors import THREAD_EXISTS, DiscordRefused
from adapters.discord.render import thread_name
from adapters.discord.rest import CALL_SECONDS, Json, RestClient
from bot.domain.errors import DeliveryError
from bot.domain.message import EMOJI, Message
from bot.domain.page import Severity

log = structlog.get_logger()

AUTO_ARCHIVE_MINUTES: Final = 4320  # 60, 1440, 4320 or 10080
# Discord takes two new names of a channel in 10 minutes, and shows each in the thread.
_NAMES: Final = 2
_NAMES_SECONDS: Final = 600.0
_REMEMBERED: Final = 20_000

_OVER: Final = ("resolved", "solved", "fixed", "closed", "over", "up", "operational")
_MAINTENANCE: Final = ("maintenance", "planned")
_OPEN: Final = ("incident", "outage", "down", "ongoing", "open")


@dataclass(slots=True)
class _Known:
    """What we last called a thread, and when."""

    name: str
    renamed: list[float] = field(default_factory=list)


class Threads:
    """Makes and keeps threads. `monotonic` gives seconds."""

    def __init__(self, wire: RestClient, places: Channels, monotonic: Callable[[], float]) -> None:
        self._wire = wire
        self._places = places
        self._monotonic = monotonic
        self._known: OrderedDict[int, _Known] = OrderedDict()

    async def make(
        self, channel: int, message: int, card: Message | None, *, seconds: float = CALL_SECONDS
    ) -> bool:
        """Make the thread of a root, once; its id is the message's. Returns whether there is one.

        Raises:
            DeliveryError: not known whether there is.
        """
        name = thread_name(card) if card else "Incident"
        body: Json = {"name": name, "auto_archive_duration": AUTO_ARCHIVE_MINUTES}
        path = "/channels/{channel_id}/messages/{message_id}/threads"
        try:
            await self._wire.call(
                "POST", path, body, seconds=seconds, channel_id=channel, message_id=message
            )
        except DiscordRefused as refused:
            if refused.code == THREAD_EXISTS:
                return True
            log.info("discord.thread_not_made", channel=channel, code=refused.code)
            return False
        if card:
            self._remember(message, name)
        return True

    async def make_later(self, channel: int, message: int, card: Message) -> None:
        """The same for whom the outcome does not matter."""
        await self.make(channel, message, card)

    async def post(self, forum: int, card: Message, message: Json) -> int:
        """Open a forum post; returns its id, which is also its first message's.

        Raises:
            Refused: and DeliveryError, as `RestClient.call`; there is no nonce for posts.
        """
        name = thread_name(card)
        tags = tags_for(self._places.tags(forum), card)
        body: Json = {
            "name": name,
            "auto_archive_duration": AUTO_ARCHIVE_MINUTES,
            "message": message,
        }
        if tags:
            body["applied_tags"] = [str(tag) for tag in tags]
        answer = await self._wire.call(
            "POST", "/channels/{channel_id}/threads", body, channel_id=forum
        )
        thread = int(answer["id"])
        self._remember(thread, name)
        return thread

    async def keep_up(self, thread: int, card: Message, forum: int | None) -> None:
        """Let name and tags say the state that the root shows; un-archive what goes on again."""
        name = thread_name(card)
        known = self._name_of(thread)
        if known is None or known == name or _state(known) is None:
            return
        if _state(known) == _state(name) and not card.ended:
            return
        if not self._may_rename(thread, card):
            return
        body: Json = {"name": name, "archived": False}
        if forum is not None and (tags := self._places.tags(forum)):
            body["applied_tags"] = [str(tag) for tag in tags_for(tags, card)]
        if await self._change(thread, body):
            self._remember(thread, name)

    async def archive(self, thread: int) -> None:
        """Archive it; one that is gone, locked or not ours to archive is left alone.

        Raises:
            DeliveryError: it may not be archived yet.
        """
        try:
            await self._wire.call("PATCH", _CHANNEL, {"archived": True}, channel_id=thread)
        except DiscordRefused as refused:
            if refused.status >= 500:
                raise DeliveryError(f"{refused.status} {refused.code}") from None
            log.info("discord.thread_not_archived", thread=thread, code=refused.code)

    async def unarchive(self, thread: int) -> bool:
        """Returns whether messages in it can be changed now."""
        return await self._change(thread, {"archived": False})

    async def _change(self, thread: int, body: Json) -> bool:
        try:
            await self._wire.call("PATCH", _CHANNEL, body, channel_id=thread)
        except (DiscordRefused, DeliveryError) as error:
            log.info("discord.thread_not_changed", thread=thread, reason=str(error))
            return False
        return True

    def _name_of(self, thread: int) -> str | None:
        if known := self._known.get(thread):
            return known.name
        cached = self._places.cached(thread)
        return cached.name if isinstance(cached, discord.Thread) else None

    def _may_rename(self, thread: int, card: Message) -> bool:
        known = self._known.get(thread)
        # An end, and going on after it, are always said.
        if known is None or card.ended or _state(known.name) == EMOJI[Severity.UP]:
            return True
        since = self._monotonic() - _NAMES_SECONDS
        # One is kept for the end.
        return sum(at > since for at in known.renamed) < _NAMES - 1

    def _remember(self, thread: int, name: str) -> None:
        known = self._known.pop(thread, None)
        renamed = [*known.renamed[-3:], self._monotonic()] if known else []
        self._known[thread] = _Known(name, renamed)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


_CHANNEL: Final = "/channels/{channel_id}"


def _state(name: str) -> str | None:
    """The mark in front of a name that says the state; None: somebody else named it."""
    sign = name.partition(" ")[0]
    return sign if sign and not sign[0].isalnum() else None


def tags_for(tags: list[Tag], card: Message) -> list[int]:
    """Choose the tags whose names say this card's state; none where none does. At most 2."""
    severity = card.severity or Severity.UNKNOWN
    wanted: tuple[str, ...]
    if card.ended:
        wanted, most = _OVER, 1
    elif severity is Severity.MAINTENANCE:
        wanted, most = _MAINTENANCE, 1
    else:
        wanted, most = (severity.words, severity.words.split()[0], *_OPEN), 2
    usable = {tag.name.casefold().strip(): tag.id for tag in reversed(tags) if not tag.moderated}
    return list(dict.fromkeys(usable[name] for name in wanted if name in usable))[:most]
