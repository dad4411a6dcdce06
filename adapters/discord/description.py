"""Renders the blocks of a message as the descriptions of embeds, within Discord's limits. Pure.

https://docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.chat.text import ELLIPSIS, cut, size
from adapters.discord.command_names import native
from adapters.discord.markup import (
    DESCRIPTION,
    escape,
    escape_cut,
    escape_start,
    is_web_address,
    mend,
    one_line,
)
from adapters.discord.refs import Ref, read_ref
from bot.domain.message import (
    EMOJI,
    Block,
    Line,
    Lines,
    Link,
    Note,
    Quote,
    Row,
    Rows,
    Span,
    Text,
    ThreadLink,
    Time,
)

EMBEDS_TOTAL: Final = 6000
# What a quote keeps at least, however much stands beside it.
_LEAST_QUOTE: Final = 200
_QUOTED_PART: Final = DESCRIPTION // 3
_TIME_STYLES: Final = {"ago": "R", "clock": "t", "date": "f"}


@dataclass(slots=True)
class _Piece:
    """Some escaped lines that belong together."""

    lines: list[str]
    quote: bool = False


def descriptions(blocks: Sequence[Block], guild: int | None) -> list[str]:
    """Return at most two descriptions for all blocks. Quotes give way first, the end after them."""
    pieces = [_piece(block, guild) for block in blocks]
    ours = sum(size(line) + 1 for piece in pieces if not piece.quote for line in piece.lines)
    quotes = sum(piece.quote for piece in pieces)
    left = EMBEDS_TOTAL - 50  # a guess at what else may be counted
    share = max(_LEAST_QUOTE, (left - ours) // quotes) if quotes else 0
    pages: list[list[str]] = [[]]
    page_left = DESCRIPTION
    for piece in pieces:
        for line in _shortened(piece.lines, share) if piece.quote else piece.lines:
            cost = size(line) + 1
            if cost > page_left and len(pages) == 1:
                pages.append([])
                page_left = DESCRIPTION
            if cost > page_left or cost > left:
                return _texts(pages)
            pages[-1].append(line)
            left -= cost
            page_left -= cost
    return _texts(pages)


def _piece(block: Block, guild: int | None) -> _Piece:
    match block:
        case Lines(lines):
            return _Piece([line_text(line, guild) for line in lines])
        case Rows(rows):
            return _Piece([_row(row) for row in rows])
        case Note(line):
            small = line_text(line, guild).strip()
            return _Piece([f"-# {small}"] if small else [])
        case Quote(text, lead):
            said = [f"> {p}" for one in escape(text).strip().split("\n") for p in _parts(one)]
            return _Piece([*([line_text(lead, guild)] if lead else []), *said], quote=True)


def _parts(line: str) -> list[str]:
    """Cut a long line into parts that fit a page; at blanks, so that no escape is torn."""
    parts: list[str] = []
    while size(line) > _QUOTED_PART:
        at = line.rfind(" ", 0, _QUOTED_PART)
        if at <= 0:
            at = _QUOTED_PART - 1
            while at > 1 and (size(line[:at]) > _QUOTED_PART or line[at - 1] == "\\"):
                at -= 1
        parts.append(line[:at])
        line = escape_start(line[at:].lstrip(" "))
    return [*parts, line]


def _row(row: Row) -> str:
    name = escape_cut(one_line(row.name), 200)
    parts = [f"{EMOJI[row.severity]} **{name}**", escape_cut(one_line(row.words), 200)]
    if row.since is not None:
        parts.append(f"since {time_text(row.since, 'clock')} ({time_text(row.since, 'ago')})")
    if row.note:
        parts.append(escape_cut(one_line(row.note), 200))
    return "  ·  ".join(part for part in parts if part)


def _texts(pages: list[list[str]]) -> list[str]:
    texts = ["\n".join(page).strip("\n") for page in pages]
    return [text for text in texts if text.strip(" \n\t>\u200b")]


def _shortened(lines: list[str], room: int) -> list[str]:
    """Return lines that need at most `room` units; the last one is cut where that is needed."""
    kept: list[str] = []
    for line in lines:
        room -= size(line) + 1
        if room < 0:
            if (left := room + size(line)) >= 10:
                kept.append(cut(line, left, mend))
            break
        kept.append(line)
    return kept


# --- lines ---------------------------------------------------------------------------------------


def line_text(line: Line, guild: int | None) -> str:
    """Return one line of ours; it ends before a span that would make it too long.

    `guild` makes links to messages that have no thread.
    """
    rendered = ""
    for span in line:
        more = _span_text(span, guild).replace("\n", " ")
        if size(rendered) + size(more) > DESCRIPTION - 100:
            return rendered + ELLIPSIS
        rendered += more
    return rendered


def time_text(at: datetime, style: str) -> str:
    """Return a time that shows in the reader's zone."""
    return f"<t:{int(at.timestamp())}:{_TIME_STYLES.get(style, 'f')}>"


def _span_text(span: Span, guild: int | None) -> str:
    match span:
        case Text():
            return _styled(span)
        case Link(text, url):
            shown = escape_cut(one_line(text), 300)
            if not is_web_address(url):
                return shown
            address = url.replace("(", "%28").replace(")", "%29")
            return f"[{shown or escape_cut(url, 100)}]({address})"
        case Time(at, style):
            return time_text(at, style)
        case ThreadLink(channel, root):
            return _place_text(channel, read_ref(root) if root else None, guild)


def _place_text(channel: str, ref: Ref | None, guild: int | None) -> str:
    if ref is not None and (ref.threaded or ref.is_post):
        return f"<#{ref.thread}>"
    if ref is not None and guild is not None:
        return f"https://discord.com/channels/{guild}/{ref.place}/{ref.message}"
    return f"<#{channel}>" if channel.isdigit() else "another channel"


def _styled(span: Text) -> str:
    bare = cut(" ".join(span.text.split("\n")), DESCRIPTION // 3)
    inner = bare.strip()
    if not inner:
        return " " if bare else ""
    # Within code nothing is formatted and so nothing escaped; only a backtick could end it.
    code = one_line(native(inner)).replace("`", "'")
    styled = f"`{code}`" if span.code else escape(inner)
    if span.bold:
        styled = f"**{styled}**"
    if span.struck:
        styled = f"~~{styled}~~"
    # Blanks stay outside, or the style would not be read as one.
    return bare[: len(bare) - len(bare.lstrip())] + styled + bare[len(bare.rstrip()) :]
