"""Draws cards as lines of text. Pure: `card → str`, coloured or plain.

Text from outside goes through `clean`, and into rich as `Text`, never as markup.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text as Painted

from adapters.terminal.clean import clean
from bot.domain.message import (
    EMOJI,
    Block,
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
from bot.messages.durations import duration

COLOURS = {
    Severity.UP: "green",
    Severity.MAINTENANCE: "blue",
    Severity.DEGRADED: "yellow",
    Severity.PARTIAL: "dark_orange",
    Severity.MAJOR: "red",
    Severity.UNKNOWN: "bright_black",
}
_NARROWEST = 30
_WORTH_SAYING = timedelta(minutes=1)
_DIM = Style(dim=True)


@dataclass(frozen=True, slots=True)
class Look:
    """How to draw: columns, with colours or without, and the reader's clock."""

    width: int
    colour: bool
    now: datetime  # in the reader's zone


def root(card: Message, look: Look) -> str:
    """A thread's first message, or one that stands alone."""
    return _draw([_title(card, look), *_body(card, look)], look, first=_clock(look), rest="      ")


def reply(card: Message, look: Look, *, of: str = "", in_channel: bool = False) -> str:
    """A message in a thread, below the name of what it answers (`of`)."""
    lines = [_title(card, look), *_body(card, look)]
    if in_channel or not of:
        return _draw(lines, look, first=_clock(look), rest="      ")
    head = _draw([Painted(f"↳ {clean(of)}", _DIM)], look, first=_clock(look), rest="      ")
    return head + _draw(lines, look, first="      │ ", rest="      │ ")


def revised(card: Message, look: Look, *, of: str = "") -> str:
    """A changed message, in one line; a changed reply (`of` a thread) shows its new text too."""
    title = _title(card, look)
    line = Painted.assemble(("✎ ", _DIM), title)
    if not of:
        line.stylize(_DIM)
        return _draw([line], look, first=_clock(look), rest="      ")
    head = _draw([Painted(f"↳ {clean(of)}", _DIM)], look, first=_clock(look), rest="      ")
    return head + _draw([line, *_body(card, look)], look, first="      │ ", rest="      │ ")


def _clock(look: Look) -> str:
    return f"{look.now:%H:%M} "


def _title(card: Message, look: Look) -> Painted:
    style = Style(bold=True, strike=card.struck or None)
    if card.severity and look.colour:
        style += Style(color=COLOURS[card.severity])
    words = clean(card.title or card.plain)
    # Without colours nothing is struck through: the word for it stands in the title.
    return Painted.assemble(f"{clean(card.emoji)} " if card.emoji else "", (words, style))


def _body(card: Message, look: Look) -> list[Painted]:
    return [line for block in card.blocks for line in _block(block, look)]


def _block(block: Block, look: Look) -> list[Painted]:
    match block:
        case Lines(lines=lines):
            return [_line(line, look) for line in lines]
        case Note(line=line):
            painted = _line(line, look)
            painted.stylize(_DIM)
            return [painted]
        case Quote():
            return _quote(block, look)
        case Rows(rows=rows):
            return _rows(rows, look)


def _line(line: Line, look: Look) -> Painted:
    return Painted.assemble(*(_span(span, look) for span in line))


def _span(span: Span, look: Look) -> Painted:
    match span:
        case Text(text=text):
            style = Style(
                bold=span.bold or None,
                strike=span.struck or None,
                color="cyan" if span.code else None,
            )
            return Painted(clean(text), style)
        case Link(text=text, url=url):
            safe = clean(url)
            if not safe.startswith(("http://", "https://")):
                return Painted(clean(text))
            return Painted(f"{clean(text)}: {safe}" if clean(text) not in safe else safe)
        case Time(at=at, style=style_name):
            return Painted(moment(at, look, style_name))
        case ThreadLink():
            return Painted("this terminal")


def moment(at: datetime, look: Look, style: str = "clock") -> str:
    """A time in the reader's zone; the day is said where it is not today."""
    here = at.astimezone(look.now.tzinfo)
    if style == "ago":
        ahead = at > look.now
        length = duration(at - look.now if ahead else look.now - at)
        return f"in {length}" if ahead else f"{length} ago"
    if here.date() == look.now.date():
        return f"{here:%H:%M}"
    year = f" {here:%Y}" if here.year != look.now.year else ""
    return f"{here.day} {here:%b}{year} {here:%H:%M}"


def _quote(quote: Quote, look: Look) -> list[Painted]:
    lines = [Painted(part) for part in clean(quote.text, lines=True).split("\n") if part.strip()]
    if quote.lead:
        lead = _line(quote.lead, look)
        lead.append(" · ")
        lead.stylize(_DIM)
        lines[:1] = [Painted.assemble(lead, *lines[:1])]
    return [Painted.assemble(("┃ ", _DIM), line) for line in lines]


def _rows(rows: tuple[Row, ...], look: Look) -> list[Painted]:
    names = max((cell_len(clean(row.name)) for row in rows), default=0)
    words = max((cell_len(clean(row.words)) for row in rows), default=0)
    return [_row(row, min(names, 28), min(words, 20), look) for row in rows]


def _row(row: Row, names: int, words: int, look: Look) -> Painted:
    colour = Style(color=COLOURS[row.severity]) if look.colour else Style()
    name, said = clean(row.name), clean(row.words)
    line = Painted.assemble(
        f"{EMOJI[row.severity]} {name}{_pad(name, names)}  ", (said, colour), _pad(said, words)
    )
    tail = []
    if row.since:
        length = look.now - row.since
        lately = f" ({duration(length)})" if length >= _WORTH_SAYING else ""
        tail.append(f"since {moment(row.since, look)}{lately}")
    if row.note:
        tail.append(clean(row.note))
    if tail:
        line.append(f"  {' · '.join(tail)}")
    line.rstrip()
    return line


def _pad(text: str, width: int) -> str:
    return " " * max(0, width - cell_len(text))


def _draw(lines: list[Painted], look: Look, *, first: str, rest: str) -> str:
    """Wrap each line to the width and put the margin before every piece of it."""
    canvas = io.StringIO()
    console = Console(
        file=canvas,
        width=max(look.width, _NARROWEST),
        force_terminal=look.colour,
        no_color=not look.colour,
        color_system="256" if look.colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    room = max(_NARROWEST, look.width) - cell_len(first) - 1
    margin = first
    for line in lines:
        hanging = "┃ " if line.plain.startswith("┃ ") else ""
        pieces = line[len(hanging) :].wrap(console, max(10, room - len(hanging)))
        for piece in pieces:
            piece.rstrip()
            painted = Painted.assemble((margin, _DIM), (hanging, _DIM), piece)
            console.print(painted, no_wrap=True, overflow="ignore", crop=False)
            margin = rest
    return canvas.getvalue()
