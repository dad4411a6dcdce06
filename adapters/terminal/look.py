"""The look of text on the stream that it is written to: columns, colours, letters, buttons.

Heeded by every command: `NO_COLOR` (https://no-color.org), `TERM=dumb`, the width of the terminal
(`COLUMNS` first), and an encoding that is not UTF-8.
"""

from __future__ import annotations

import codecs
import os
import shutil
import sys
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

PIPE_WIDTH = 100
WIDEST = 110  # long lines are hard to read
NARROWEST = 30
PLAIN = "isclaudedown.plain"  # the name of our way with letters that an encoding has not
# As wide as what they stand for, where that keeps columns in line.
_STAND_INS = {
    "🟢": "ok",
    "🔧": "# ",
    "🔵": "# ",
    "🟡": "~ ",
    "🟠": "! ",
    "🔴": "!!",
    "⚪": "? ",
    "❓": "? ",
    "⚠": "!",
    "🙂": ":)",
    "ℹ": "i",
    "✅": "ok",
    "·": "-",
    "•": "-",
    "├": "|",
    "└": "|",
    "┃": "|",
    "│": "|",
    "─": "-",
    "╭": "+",
    "╮": "+",
    "╰": "+",
    "╯": "+",
    "↳": ">",
    "→": "->",
    "…": "...",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "✓": "+",
    "✗": "x",
    "■": "#",
    "□": ".",
    "≥": ">=",
    "≤": "<=",
}


@dataclass(frozen=True, slots=True)
class Look:
    """The way to draw for one reader."""

    width: int  # columns
    colour: bool
    now: datetime  # in the reader's zone
    typed: bool = False  # buttons are drawn, as words that can be typed at a prompt


def look_of(out: TextIO, now: datetime, *, typed: bool = False) -> Look:
    return Look(width_of(out), wants_colour(out), now.astimezone(), typed)


def width_of(out: TextIO) -> int:
    columns = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns
    return max(NARROWEST, min(WIDEST if out.isatty() else columns, columns))


def at_a_prompt() -> bool:
    """Return whether somebody sits here who can type and sees what comes."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def wants_colour(out: TextIO) -> bool:
    return out.isatty() and not os.environ.get("NO_COLOR") and not is_dumb()


def is_dumb() -> bool:
    """Return whether the terminal can only print: it moves no cursor and erases nothing."""
    return os.environ.get("TERM") == "dumb"


def write_plainly(*streams: TextIO) -> None:
    """Let streams of a narrow encoding show something like each letter that they have not."""
    for stream in streams:
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors=PLAIN)


def stand_ins(error: UnicodeError) -> tuple[str, int]:
    """Return something like the letters that cannot be encoded, as an error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = ""
    for letter in error.object[error.start : error.end]:
        category = unicodedata.category(letter)
        # "é" is an "e" with something added.
        plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        if letter in _STAND_INS:
            found += _STAND_INS[letter]
        elif category not in {"Mn", "Cf"}:  # which only change the letter before them
            found += plain or ("*" if category == "So" else "?")
    return found, error.end


codecs.register_error(PLAIN, stand_ins)
