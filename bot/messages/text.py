"""Texts cut to one line, lines as plain text, and messages of a line or two."""

from __future__ import annotations

from bot.domain.message import EMOJI, Line, Lines, Link, Message, Text, ThreadLink, Time
from bot.domain.page import Severity

# A title must leave room for our own word behind it: the shortest of a platform's has 150
# characters.
_LONGEST_TITLE = 110


def short(text: str, length: int = _LONGEST_TITLE) -> str:
    """One line, cut at a word where possible."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > length // 2 else cut).rstrip(" ,.;:") + "…"


def in_words(line: Line) -> str:
    """A line as plain text, for notifications; times in UTC, since no reader's zone is known."""
    words = []
    for span in line:
        match span:
            case Text(text=text) | Link(text=text):
                words.append(text)
            case Time(at=at):
                words.append(f"{at:%Y-%m-%d %H:%M} UTC")
            case ThreadLink():
                words.append("its channel")
    return "".join(words)


def phase_words(phase: str) -> str:
    return short(phase.replace("_", " "), 40)


_ENDS = (".", "?", "!", ":")


def notice(title: str, *lines: Line, emoji: str = "", severity: Severity | None = None) -> Message:
    """A short message: an error, a question back, advice."""
    *before, last = [title.rstrip("."), *(in_words(line) for line in lines)]
    plain = " ".join([*(part if part.endswith(_ENDS) else part + "." for part in before), last])
    emoji = emoji or (EMOJI[severity] if severity else "")
    return Message(title, plain, severity, emoji, (Lines(lines),) if lines else ())
