"""Texts cut to one line, and lines as plain text."""

from __future__ import annotations

from bot.domain.message import Line, Link, Span, Text, ThreadLink, Time

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
