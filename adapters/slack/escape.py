"""Makes text from outside inert in Slack's mrkdwn, and measures and cuts it. Pure.

Escaped are `&`, `<` and `>`, as https://docs.slack.dev/messaging/formatting-message-text asks:
without `<` there is no mention and no link. `*_~` and backticks cannot be escaped there, so a
zero-width space takes their effect where they would format; `:name:` likewise.
"""

from __future__ import annotations

import re

ZERO_WIDTH = "\u200b"
ELLIPSIS = "…"
# Control characters, lone surrogates (JSON cannot carry them), and the marks that turn the
# direction of whatever follows them, our own words included.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FORMATS = re.compile(r"(?<![^\W_])([*_~`]+)(?=\S)|(?<=\S)([*_~`]+)(?![^\W_])")
_EMOJI_NAME = re.compile(r":(?=[a-z][a-z0-9_+'-]*:)", re.IGNORECASE)


def clean(text: str) -> str:
    """`text` without characters that have no business in a message."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def defuse(text: str) -> str:
    """Break what would be bold, italic, struck, code or an emoji; words stay as they are."""
    broken = _FORMATS.sub(lambda m: ZERO_WIDTH.join(("", *m[0], "")), text)
    return _EMOJI_NAME.sub(":" + ZERO_WIDTH, broken)


def escape(text: str) -> str:
    """Text from outside as mrkdwn that shows it and does nothing else."""
    return entities(defuse(clean(text)))


def entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def size(text: str) -> int:
    """Length as Slack may count it: in UTF-16 units, an emoji being two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def cut(escaped: str, room: int) -> str:
    """At most `room` of an escaped text, ended by `…` if shortened, no entity broken."""
    if size(escaped) <= room:
        return escaped
    if room < 1:
        return ""
    kept = escaped[: room - 1]
    while size(kept) > room - 1:
        kept = kept[: -max(1, (size(kept) - room + 1) // 2)]
    start = kept.rfind("&")
    if start >= 0 and ";" not in kept[start:]:
        kept = kept[:start]
    return kept.rstrip() + ELLIPSIS


def split(escaped: str, room: int) -> list[str]:
    """An escaped text in parts of at most `room`, at blanks where there are any."""
    parts = []
    while size(escaped) > room:
        part = cut(escaped, room + 1).removesuffix(ELLIPSIS)
        blank = part.rfind(" ")
        if blank > len(part) // 2:
            part = part[: blank + 1]
        if not part:
            break
        parts.append(part.rstrip(" "))
        escaped = escaped[len(part) :].lstrip(" ")
    return [*parts, escaped]
