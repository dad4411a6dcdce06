"""Tags of forums, and which of them a post with some root gets. Pure.

https://docs.discord.com/developers/resources/channel#forum-tag-object
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.chat.http import Json
from bot.domain.message import Message
from bot.domain.page import Severity

_REQUIRE_TAG: Final = 1 << 4  # a forum's flag
# Names of forum tags, by what a root shows.
_OVER: Final = ("resolved", "solved", "fixed", "closed", "over", "up", "operational")
_MAINTENANCE: Final = ("maintenance", "planned")
_OPEN: Final = ("incident", "outage", "down", "ongoing", "open")


@dataclass(frozen=True, slots=True)
class Tag:
    """A forum's tag. `moderated`: only moderators may set it."""

    id: int
    name: str
    moderated: bool


@dataclass(frozen=True, slots=True)
class Forum:
    """The tags of a forum, and whether each post has to have one."""

    tags: tuple[Tag, ...]
    requires_tag: bool

    @classmethod
    def of(cls, channel: Json) -> Forum:
        tags = tuple(
            Tag(int(tag["id"]), str(tag["name"]), bool(tag["moderated"]))
            for tag in channel.get("available_tags") or ()
        )
        return cls(tags, bool(int(channel.get("flags") or 0) & _REQUIRE_TAG))


def tags_for(tags: Sequence[Tag], message: Message, *, required: bool = False) -> list[int]:
    """Return at most two tags whose names say the message's state.

    Where none does: none, or if one is `required` the first that is not for moderators only.
    """
    severity = message.severity or Severity.UNKNOWN
    wanted: tuple[str, ...]
    if message.ended:
        wanted, most = _OVER, 1
    elif severity is Severity.MAINTENANCE:
        wanted, most = _MAINTENANCE, 1
    else:
        wanted, most = (severity.words, severity.words.split()[0], *_OPEN), 2
    free = [tag for tag in tags if not tag.moderated]
    usable = {tag.name.casefold().strip(): tag.id for tag in reversed(free)}
    fitting = list(dict.fromkeys(usable[name] for name in wanted if name in usable))[:most]
    return fitting or [tag.id for tag in free[:1] if required]
