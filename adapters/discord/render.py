"""Draws a card as a Discord message: a headline, an embed, rows of buttons. Pure.

The headline is the message's text, since that is what notifications and screen readers get; the
rest is an embed in the severity's colour. Limits, all of
https://docs.discord.com/developers/resources/message#embed-object-embed-limits and
https://docs.discord.com/developers/components/reference:
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.discord.refs import CUSTOM_ID_LENGTH, FOOTER, MARK_LENGTH, custom_id, mark, read_ref
from adapters.discord.text import (
    ELLIPSIS,
    cut,
    cut_escaped,
    escape,
    escape_cut,
    escape_start,
    one_line,
    size,
)
from adapters.discord.words import native
from bot.domain.message import (
    EMOJI,
    Block,
    Button,
    Line,
    Lines,
    Link,
    Message,
    Note,
    Quote,
    Row,
    Rows,
    Span,
    Text,
    ThreadLink,
    Time,
)
from bot.domain.page import Severity

Json = dict[str, Any]

CONTENT: Final = 2000
DESCRIPTION: Final = 4096
EMBEDS_TOTAL: Final = 6000
ROWS: Final = 5
BUTTONS_A_ROW: Final = 5
LABEL: Final = 80
BUTTON_URL: Final = 512
LINK_URL: Final = 1500
TITLE: Final = 400  # of ours: a headline is no text
THREAD_NAME: Final = 100
_FOOTER_ROOM: Final = len(FOOTER) + MARK_LENGTH
# What a quote keeps at least, however much stands beside it.
_LEAST_QUOTE: Final = 200

COLOURS: Final = {
    Severity.UP: 0x2ECC71,
    Severity.MAINTENANCE: 0x3498DB,
    Severity.DEGRADED: 0xF1C40F,
    Severity.PARTIAL: 0xE67E22,
    Severity.MAJOR: 0xE74C3C,
    Severity.UNKNOWN: 0x95A5A6,
}
_TIME_STYLES: Final = {"ago": "R", "clock": "t", "date": "f"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to send, but for its mark and its mention."""

    content: str
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()


@dataclass(slots=True)
class _Piece:
    """Some escaped lines that belong together."""

    lines: list[str]
    quote: bool = False


def render(card: Message, guild: int | None = None) -> Rendered:
    """Draw `card`; `guild` makes links to messages that have no thread."""
    components = tuple(_button_rows(card.buttons))
    pieces = [_piece(block, guild) for block in card.blocks]
    bodies = _fit(pieces)
    if not bodies:
        words = card.plain or card.title
        text = escape_cut(words, CONTENT - 100).strip() or ELLIPSIS
        return Rendered(f"{card.emoji} {text}".strip(), (), components)
    colour = COLOURS[card.severity or Severity.UNKNOWN]
    embeds = tuple({"type": "rich", "description": body, "color": colour} for body in bodies)
    return Rendered(headline(card), embeds, components)


def headline(card: Message) -> str:
    """The card's title as the message's own text."""
    emoji = card.emoji or (EMOJI[card.severity] if card.severity else "")
    title = escape_cut(one_line(card.title), TITLE).strip()
    if not title:
        return emoji or ELLIPSIS
    styled = f"~~**{title}**~~" if card.struck else f"**{title}**"
    return f"{emoji} {styled}".strip()


def thread_name(card: Message) -> str:
    """State and incident, as a thread's name: plain text, 1 to 100 characters."""
    emoji = card.emoji or (EMOJI[card.severity] if card.severity else "")
    return cut(f"{emoji} {one_line(card.title)}".strip(), THREAD_NAME) or "Incident"


def marked(drawn: Rendered, key: str) -> Rendered:
    """The same message with the mark of `key` on it.

    A button with room carries it unseen; else the last embed's footer does, or a last line.
    """
    components = _mark_button(drawn.components, mark(key))
    if components is not None:
        return Rendered(drawn.content, drawn.embeds, tuple(components))
    signed = FOOTER + mark(key)
    if not drawn.embeds:
        return Rendered(f"{drawn.content}\n-# {signed}", (), drawn.components)
    last = {**drawn.embeds[-1], "footer": {"text": signed}}
    return Rendered(drawn.content, (*drawn.embeds[:-1], last), drawn.components)


def body_of(drawn: Rendered) -> Json:
    """The parts of a request that hold a message; an edit with it replaces all of them."""
    return {
        "content": drawn.content,
        "embeds": list(drawn.embeds),
        "components": list(drawn.components),
    }


def _mark_button(rows: Sequence[Json], value: str) -> list[Json] | None:
    for number, row in enumerate(rows):
        for place, button in enumerate(row["components"]):
            own = button.get("custom_id")
            if own and size(own) + 1 + MARK_LENGTH <= CUSTOM_ID_LENGTH:
                buttons = list(row["components"])
                buttons[place] = {**button, "custom_id": f"{own}~{value}"}
                return [*rows[:number], {**row, "components": buttons}, *rows[number + 1 :]]
    return None


# --- text -------------------------------------------------------------------------------------


def _fit(pieces: list[_Piece]) -> list[str]:
    """At most two descriptions for all pieces. Quotes give way first, the end after them."""
    ours = sum(size(line) + 1 for piece in pieces if not piece.quote for line in piece.lines)
    quotes = sum(piece.quote for piece in pieces)
    total = EMBEDS_TOTAL - _FOOTER_ROOM - 10
    share = max(_LEAST_QUOTE, (total - ours) // quotes) if quotes else 0
    lines: list[str] = []
    for piece in pieces:
        lines += _shortened(piece.lines, share) if piece.quote else piece.lines
    return _pages(lines, total)


def _shortened(lines: list[str], room: int) -> list[str]:
    """Lines that need at most `room` units; the last one is cut where that is needed."""
    kept: list[str] = []
    for line in lines:
        room -= size(line) + 1
        if room < 0:
            if (left := room + size(line)) >= 10:
                kept.append(cut_escaped(line, left))
            break
        kept.append(line)
    return kept


def _pages(lines: list[str], total: int) -> list[str]:
    pages: list[list[str]] = [[]]
    used = 0
    for line in lines:
        cost = size(line) + 1
        if used + cost > total:
            break
        page = sum(size(one) + 1 for one in pages[-1])
        if page + cost > DESCRIPTION:
            if len(pages) == 2 or cost > DESCRIPTION:
                break
            pages.append([])
        pages[-1].append(line)
        used += cost
    texts = ["\n".join(page).strip("\n") for page in pages]
    return [text for text in texts if text.strip(" \n\t>\u200b")]


def _piece(block: Block, guild: int | None) -> _Piece:
    match block:
        case Lines(lines):
            return _Piece([_line(line, guild) for line in lines])
        case Rows(rows):
            return _Piece([_row(row) for row in rows])
        case Note(line):
            small = _line(line, guild).strip()
            return _Piece([f"-# {small}"] if small else [])
        case Quote(text, lead):
            said = [f"> {part}" for whole in _said(text) for part in _parts(whole)]
            return _Piece([*([_line(lead, guild)] if lead else []), *said], quote=True)


def _said(text: str) -> list[str]:
    return escape(text).strip().split("\n")


def _parts(line: str) -> list[str]:
    """A long line in parts that fit a page; cut at blanks, so that no escape is torn."""
    parts: list[str] = []
    while size(line) > DESCRIPTION // 3:
        at = line.rfind(" ", 0, DESCRIPTION // 3)
        if at <= 0:
            at = DESCRIPTION // 3 - 1
            while at > 1 and (size(line[:at]) > DESCRIPTION // 3 or line[at - 1] == "\\"):
                at -= 1
        parts.append(line[:at])
        line = escape_start(line[at:].lstrip(" "))
    return [*parts, line]


def _row(row: Row) -> str:
    name = escape_cut(one_line(row.name), 200)
    parts = [f"{EMOJI[row.severity]} **{name}**", escape_cut(one_line(row.words), 200)]
    if row.since is not None:
        parts.append(f"since {_time(row.since, 'clock')} ({_time(row.since, 'ago')})")
    if row.note:
        parts.append(escape_cut(one_line(row.note), 200))
    return "  ·  ".join(part for part in parts if part)


def _line(line: Line, guild: int | None) -> str:
    """One line of ours; it ends before a span that would make it too long."""
    drawn = ""
    for span in line:
        more = _span(span, guild).replace("\n", " ")
        if size(drawn) + size(more) > DESCRIPTION - 100:
            return drawn + ELLIPSIS
        drawn += more
    return drawn


def _span(span: Span, guild: int | None) -> str:
    match span:
        case Text():
            return _text(span)
        case Link(text, url):
            return _link(text, url)
        case Time(at, style):
            return _time(at, style)
        case ThreadLink(channel, root):
            return _place(channel, root, guild)


def _text(span: Text) -> str:
    bare = cut(" ".join(span.text.split("\n")), DESCRIPTION // 3)
    inner = bare.strip()
    if not inner:
        return " " if bare else ""
    styled = _code(inner) if span.code else escape(inner)
    if span.bold:
        styled = f"**{styled}**"
    if span.struck:
        styled = f"~~{styled}~~"
    return bare[: len(bare) - len(bare.lstrip())] + styled + bare[len(bare.rstrip()) :]


def _code(text: str) -> str:
    """Within code nothing is formatted and so nothing escaped; only a backtick could end it."""
    return f"`{one_line(native(text)).replace('`', chr(39))}`"


def is_web_address(url: str, longest: int = LINK_URL) -> bool:
    """http(s), and nothing in it that would end the link early."""
    fits = url.startswith(("https://", "http://")) and size(url) <= longest
    return fits and not any(c in '<>|`\\"' or c.isspace() or not c.isprintable() for c in url)


def _link(text: str, url: str) -> str:
    shown = escape_cut(one_line(text), 300)
    if not is_web_address(url):
        return shown
    address = url.replace("(", "%28").replace(")", "%29")
    return f"[{shown or escape_cut(url, 100)}]({address})"


def _time(at: datetime, style: str) -> str:
    return f"<t:{int(at.timestamp())}:{_TIME_STYLES.get(style, 'f')}>"


def _place(channel: str, root: str | None, guild: int | None) -> str:
    ref = read_ref(root) if root else None
    if ref is not None and (ref.threaded or ref.is_post):
        return f"<#{ref.thread}>"
    if ref is not None and guild is not None:
        return f"https://discord.com/channels/{guild}/{ref.place}/{ref.message}"
    return f"<#{channel}>" if channel.isdigit() else "another channel"


# --- buttons ----------------------------------------------------------------------------------


def _button_rows(buttons: Sequence[Button]) -> list[Json]:
    drawn: list[Json] = []
    taken: set[str] = set()
    for button in buttons:
        one = _button(button)
        own = one.get("custom_id", "") if one else ""
        if one is None or own in taken or len(drawn) == ROWS * BUTTONS_A_ROW:
            continue
        if own:
            taken.add(own)
        drawn.append(one)
    return [
        {"type": 1, "components": drawn[at : at + BUTTONS_A_ROW]}
        for at in range(0, len(drawn), BUTTONS_A_ROW)
    ]


def _button(button: Button) -> Json | None:
    """A button, or None for one that Discord would refuse."""
    label = cut(one_line(button.label), LABEL)
    if not label:
        return None
    if button.url:
        if not is_web_address(button.url, BUTTON_URL):
            return None
        return {"type": 2, "style": 5, "label": label, "url": button.url}
    own = custom_id(button.action, one_line(button.value))
    if size(own) > CUSTOM_ID_LENGTH:
        return None
    return {"type": 2, "style": 1 if button.primary else 2, "label": label, "custom_id": own}
