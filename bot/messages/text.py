"""Texts cut to one line, lines as plain text, and messages of a line or two."""

from __future__ import annotations

from bot.domain.message import EMOJI, Line, Lines, Link, Message, Span, Text, ThreadLink, Time
from bot.domain.page import Severity

# A title must leave room for our own word behind it within 150 characters (Slack's header block).
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
    return "".join(map(_span_words, line))


def _span_words(span: Span) -> str:
    match span:
        case Text(text=text) | Link(text=text):
            return text
        case Time(at=at):
            return f"{at:%Y-%m-%d %H:%M} UTC"
        case ThreadLink():
            return "its channel"


def phase_words(phase: str) -> str:
    return short(phase.replace("_", " "), 40)


_ENDS = (".", "?", "!", ":")


def notice(title: str, *lines: Line, emoji: str = "", severity: Severity | None = None) -> Message:
    """A short message: an error, a question back, advice."""
    *before, last = [title.rstrip("."), *(in_words(line) for line in lines)]
    plain = " ".join([*(part if part.endswith(_ENDS) else part + "." for part in before), last])
    emoji = emoji or (EMOJI[severity] if severity else "")
    return Message(title, plain, severity, emoji, (Lines(lines),) if lines else ())
