"""References to messages, and the marks by which we know our own messages again. Pure.

A reference is `place/message`: the channel or thread it stands in and its id. A root whose
thread was made with it ends in `/t`; a forum post is its own place.

The mark of a delivery key is carried unseen by a button's custom id where a message has one with
room, else by the address of an embed, which shows only with a title; a message without an embed
says it. All come back in the history. The nonce does not, officially.

An embed's address has to be one that the world can reach by its name: Discord answers "Not a well
formed URL" to others (bugsink/bugsink#280, openVESSL/Anchorr#130), and then the whole message would
be refused. So it is example.com's, which belongs to nobody (RFC 2606). Discord shows embeds of one
message as one if their addresses are the same (discord/discord-api-docs#1418, #4129: a fragment
tells them apart); marks differ, and only one embed of a message carries one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.domain.errors import ChannelGone, MessageGone
from bot.domain.subscription import Channel

NONCE_LENGTH: Final = 25  # https://docs.discord.com/developers/resources/message#create-message
MARK_LENGTH: Final = 10
CUSTOM_ID_LENGTH: Final = 100
PREFIX: Final = "icd"
SIGNATURE: Final = "isclaudedown · ref "
_ADDRESS: Final = "https://example.com/#isclaudedown-"
EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
BUTTON: Final = re.compile(
    rf"{PREFIX}:(?P<action>[a-z_]{{1,20}}):(?P<value>.*?)(?:~(?P<mark>[0-9a-f]{{{MARK_LENGTH}}}))?",
    re.DOTALL,
)
_MARK_AT_END: Final = re.compile(rf"ref ([0-9a-f]{{{MARK_LENGTH}}})$")


@dataclass(frozen=True, slots=True)
class Ref:
    """The place of a message of ours. `threaded`: a thread was made from it."""

    place: int
    message: int
    threaded: bool = False

    def __str__(self) -> str:
        return f"{self.place}/{self.message}" + ("/t" if self.threaded else "")

    @property
    def is_post(self) -> bool:
        """A forum post: the starter message bears the id of its thread."""
        return self.place == self.message

    @property
    def thread(self) -> int:
        """The thread's id: Discord gives it the id of the message it was made from."""
        return self.message


def read_ref(text: str) -> Ref | None:
    """Read a reference; None if it is none of ours."""
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts[:2]):
        return None
    return Ref(int(parts[0]), int(parts[1]), threaded=parts[2:] == ["t"])


def read_known(reference: str) -> Ref:
    """Read a reference.

    Raises:
        MessageGone: it points to nothing: the message was deleted before we knew its id.
    """
    ref = read_ref(reference)
    if ref is None or not ref.message:
        raise MessageGone("the message was deleted")
    return ref


def channel_number(channel: Channel) -> int:
    """Return a channel's id as Discord counts them.

    Raises:
        ChannelGone: it is none of Discord's.
    """
    if not channel.id.isdigit():
        raise ChannelGone("that is no channel of Discord's")
    return int(channel.id)


def nonce(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:NONCE_LENGTH]


def mark(key: str) -> str:
    return hashlib.sha256(b"mark " + key.encode()).hexdigest()[:MARK_LENGTH]


def mark_address(value: str) -> str:
    """Return the address of an embed that carries a mark."""
    return f"{_ADDRESS}{value}"


def custom_id(action: str, value: str) -> str:
    return f"{PREFIX}:{action}:{value}"


def marks_of(message: dict[str, Any]) -> set[str]:
    """Return every mark that a message given by Discord carries."""
    found = set()
    if hit := _MARK_AT_END.search(message.get("content") or ""):
        found.add(hit[1])
    for embed in message.get("embeds") or ():
        address = str(embed.get("url") or "")
        if address.startswith(_ADDRESS):
            found.add(address.removeprefix(_ADDRESS))
    for row in message.get("components") or ():
        for component in row.get("components") or ():
            hit = BUTTON.fullmatch(component.get("custom_id") or "")
            if hit and hit["mark"]:
                found.add(hit["mark"])
    return found


def snowflake(at: datetime) -> int:
    """Return the smallest id that Discord would give at this moment."""
    ms = max(0, int((at - EPOCH) / timedelta(milliseconds=1)))
    return ms << 22


def sent_at(message: int) -> datetime:
    return EPOCH + timedelta(milliseconds=message >> 22)
