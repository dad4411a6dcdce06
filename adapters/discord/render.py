"""Renders a message for Discord: a headline, an embed, rows of buttons. Pure.

The headline is the message's text, since that is what notifications and screen readers get; the
rest is an embed in the severity's colour. Limits, all of
https://docs.discord.com/developers/resources/message#embed-object-embed-limits and
https://docs.discord.com/developers/components/reference:
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.chat.http import Json
from adapters.chat.text import ELLIPSIS, cut, size
from adapters.discord.description import descriptions
from adapters.discord.markup import (
    escape_cut,
    is_web_address,
    one_line,
    unescape,
)
from adapters.discord.refs import (
    CUSTOM_ID_LENGTH,
    MARK_LENGTH,
    SIGNATURE,
    custom_id,
    mark,
    mark_address,
)
from bot.domain.message import (
    EMOJI,
    Button,
    Line,
    Lines,
    Message,
    Note,
    Quote,
    ThreadLink,
)
from bot.domain.page import Severity

CONTENT: Final = 2000
ROWS: Final = 5
BUTTONS_PER_ROW: Final = 5
LABEL: Final = 80
BUTTON_URL: Final = 512
TITLE: Final = 400  # of ours: a headline is no text
THREAD_NAME: Final = 100

COLOURS: Final = {
    Severity.UP: 0x2ECC71,
    Severity.MAINTENANCE: 0x3498DB,
    Severity.DEGRADED: 0xF1C40F,
    Severity.PARTIAL: 0xE67E22,
    Severity.MAJOR: 0xE74C3C,
    Severity.UNKNOWN: 0x95A5A6,
}
UP: Final = EMOJI[Severity.UP]
_MENTION_IN_FRONT: Final = re.compile(r"<@[&!]?\d+> ")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to send, but for its mark and its mention."""

    content: str
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()


def render(message: Message, guild: int | None = None) -> Rendered:
    """Render `message`; `guild` makes links to messages that have no thread."""
    components = tuple(_button_rows(message.buttons))
    texts = descriptions(message.blocks, guild)
    if not texts:
        words = message.plain or message.title
        text = escape_cut(words, CONTENT - 100).strip() or ELLIPSIS
        return Rendered(f"{message.emoji} {text}".strip(), (), components)
    colour = COLOURS[message.severity or Severity.UNKNOWN]
    embeds = tuple({"type": "rich", "description": text, "color": colour} for text in texts)
    return Rendered(headline(message), embeds, components)


def headline(message: Message) -> str:
    """Return the message's title as Discord's own text of it."""
    emoji = message.emoji or (EMOJI[message.severity] if message.severity else "")
    title = escape_cut(one_line(message.title), TITLE).strip()
    if not title:
        return emoji or ELLIPSIS
    styled = f"~~**{title}**~~" if message.struck else f"**{title}**"
    return f"{emoji} {styled}".strip()


def line_of(message: Message, thread: int, key: str) -> Json:
    """Return the body of the line in a channel that points into a thread, with its mark."""
    colour = COLOURS[message.severity or Severity.UNKNOWN]
    more: Json = {"type": "rich", "description": f"more in <#{thread}>", "color": colour}
    return {"content": headline(message), "embeds": [{**more, "url": mark_address(mark(key))}]}


def thread_name(message: Message) -> str:
    """Return state and incident as a thread's name: plain text, 1 to 100 characters."""
    emoji = message.emoji or (EMOJI[message.severity] if message.severity else "")
    return cut(f"{emoji} {one_line(message.title)}".strip(), THREAD_NAME) or "Incident"


def name_from_root(content: str) -> str:
    """Return the same name, read from the content of a root that was sent."""
    first = _MENTION_IN_FRONT.sub("", content.partition("\n")[0], count=1)
    return cut(one_line(unescape(first)), THREAD_NAME) or "Incident"


def state_of(name: str) -> str | None:
    """Return the emoji in front of a thread's name; None: somebody else named it."""
    sign = name.partition(" ")[0]
    return sign if sign and not sign[0].isalnum() else None


def has_thread_link(message: Message) -> bool:
    """Return whether it points to a message, as only one channel's own messages do."""
    lines: list[Line] = []
    for block in message.blocks:
        match block:
            case Lines(several):
                lines += several
            case Note(one) | Quote(_, one):
                lines.append(one)
    return any(isinstance(span, ThreadLink) for line in lines for span in line)


def marked(rendered: Rendered, key: str) -> Rendered:
    """Return the same message with the mark of `key` on it.

    A button with room carries it unseen, else the last embed; without one, a last line does.
    """
    value = mark(key)
    rows = list(rendered.components)
    for at, row in enumerate(rows):
        for place, button in enumerate(row["components"]):
            own = button.get("custom_id")
            if own and size(own) + 1 + MARK_LENGTH <= CUSTOM_ID_LENGTH:
                buttons = list(row["components"])
                buttons[place] = {**button, "custom_id": f"{own}~{value}"}
                rows[at] = {**row, "components": buttons}
                return Rendered(rendered.content, rendered.embeds, tuple(rows))
    if not rendered.embeds:
        return Rendered(f"{rendered.content}\n-# {SIGNATURE}{value}", (), rendered.components)
    last = {**rendered.embeds[-1], "url": mark_address(value)}
    return Rendered(rendered.content, (*rendered.embeds[:-1], last), rendered.components)


def body_of(rendered: Rendered) -> Json:
    """Return the parts of a request that hold a message; an edit with it replaces all of them."""
    return {
        "content": rendered.content,
        "embeds": list(rendered.embeds),
        "components": list(rendered.components),
    }


# --- buttons ----------------------------------------------------------------------------------


def _button_rows(buttons: Sequence[Button]) -> list[Json]:
    """Return rows of buttons, each custom id once; what Discord would refuse is left out."""
    rendered: dict[str, Json] = {}
    for button in buttons:
        label = cut(one_line(button.label), LABEL)
        own = custom_id(button.action, one_line(button.value))
        style = 1 if button.primary else 2
        one: Json = {"type": 2, "style": style, "label": label, "custom_id": own}
        if button.url:
            own = f"{len(rendered)} {button.url}"  # links may repeat
            one = {"type": 2, "style": 5, "label": label, "url": button.url}
            fits = is_web_address(button.url, BUTTON_URL)
        else:
            fits = size(own) <= CUSTOM_ID_LENGTH
        if label and fits and len(rendered) < ROWS * BUTTONS_PER_ROW:
            rendered.setdefault(own, one)
    shown = list(rendered.values())
    return [
        {"type": 1, "components": shown[at : at + BUTTONS_PER_ROW]}
        for at in range(0, len(shown), BUTTONS_PER_ROW)
    ]
