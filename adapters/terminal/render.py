"""Draws cards as lines of text. Pure: `card → str`, coloured or plain.

Text from outside goes through `clean`, and into rich as `Text`, never as markup.
"""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text as Painted

from adapters.terminal.buttons import typed_words
from adapters.terminal.clean import clean
from adapters.terminal.look import NARROWEST, Look
from bot.domain.message import (
    EMOJI,
    Line,
    Lines,
    Link,
    Message,
    Note,
    Quote,
    Row,
    Rows,
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
_WORTH_SAYING = timedelta(minutes=1)
_DIM = Style(dim=True)


def root(card: Message, look: Look) -> str:
    """A thread's first message, or one that stands alone; where one can type, with its buttons."""
    lines = [_title(card, look), *_body(card, look)]
    if look.typed and (words := typed_words(card.buttons)):
        lines.append(Painted(f"Type: {' · '.join(map(clean, words))}", _DIM))
    return _draw(lines, look, first=_clock(look), rest="      ")


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
    drawn: list[Painted] = []
    for block in card.blocks:
        match block:
            case Lines(lines=lines):
                drawn += [_line(line, look) for line in lines]
            case Note(line=line):
                drawn.append(_line(line, look))
                drawn[-1].stylize(_DIM)
            case Quote(text=text, lead=lead):
                quoted = [Painted(p) for p in clean(text, lines=True).split("\n") if p.strip()]
                if lead:
                    head = _line(lead, look).append(" · ")
                    head.stylize(_DIM)
                    quoted[:1] = [Painted.assemble(head, *quoted[:1])]
                drawn += [Painted.assemble(("┃ ", _DIM), line) for line in quoted]
            case Rows(rows=rows):
                drawn += _table(rows, look)
    return drawn


def _line(line: Line, look: Look) -> Painted:
    drawn = Painted()
    for span in line:
        match span:
            case Text(text=text, bold=bold, code=code, struck=struck):
                colour = "cyan" if code and look.colour else None
                drawn.append(
                    clean(text), Style(bold=bold or None, strike=struck or None, color=colour)
                )
            case Link(text=text, url=url):
                text, safe = clean(text), clean(url)
                if not safe.startswith(("http://", "https://")):
                    drawn.append(text)
                else:
                    drawn.append(f"{text}: {safe}" if text not in safe else safe)
            case Time(at=at, style=style_name):
                drawn.append(moment(at, look, style_name))
            case ThreadLink():
                drawn.append("this terminal")
    return drawn


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


def _table(rows: tuple[Row, ...], look: Look) -> list[Painted]:
    """A line each: name, words, and since when, in columns."""
    cells = [(clean(row.name), clean(row.words)) for row in rows]
    # What is longer than its column pushes the rest aside.
    names = min(28, max((cell_len(name) for name, _ in cells), default=0))
    words = min(20, max((cell_len(said) for _, said in cells), default=0))
    drawn = []
    for row, (name, said) in zip(rows, cells, strict=True):
        tail = [clean(row.note)] if row.note else []
        if row.since:
            length = look.now - row.since
            lately = f" ({duration(length)})" if length >= _WORTH_SAYING else ""
            tail.insert(0, f"since {moment(row.since, look)}{lately}")
        line = Painted.assemble(
            f"{EMOJI[row.severity]} {name}{' ' * (names - cell_len(name))}  ",
            (said, Style(color=COLOURS[row.severity]) if look.colour else Style()),
            f"{' ' * (words - cell_len(said))}  {' · '.join(tail)}" if tail else "",
        )
        line.rstrip()
        drawn.append(line)
    return drawn


def _draw(lines: list[Painted], look: Look, *, first: str, rest: str) -> str:
    """Wrap each line to the width and put the margin before every piece of it."""
    canvas = io.StringIO()
    console = Console(
        file=canvas,
        width=max(look.width, NARROWEST),
        force_terminal=look.colour,
        no_color=not look.colour,
        color_system="256" if look.colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    room = max(NARROWEST, look.width) - cell_len(first) - 1
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
