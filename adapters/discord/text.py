"""Makes outside text inert for Discord, and measures and cuts it.

Escaping happens here and nowhere else. What comes out pings nobody, formats nothing and hides no
link: an address is shown as it is, so that it leads where it says.
https://docs.discord.com/developers/reference#message-formatting
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
_BLANK = "\u200b"  # zero width: breaks a mention without showing

_ADDRESS = re.compile(r"https?://[^\s<>()\[\]|*`\\\"]+")
_SPECIAL = re.compile(r"[\\*_~|`<>\[\]]")
# What starts a heading, a list, small print or a quote, where it starts a line.
_LINE_START = re.compile(r"(?m)^(\s*)([#>+-]|\d+(?=[.)]\s))")
_CALLS_ALL = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
# Marks that turn the reading direction of what follows, even of our own words.
_TURNING = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


def size(text: str) -> int:
    """Length as Discord may count it at the most: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """Without control characters, halves of surrogate pairs and direction overrides."""
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    return "".join(kept).translate(_TURNING)


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def escape(text: str) -> str:
    """Escape everything that Discord would read as more than letters."""
    out = []
    at = 0
    source = clean(text)
    for address in _ADDRESS.finditer(source):
        out += [_inert(source[at : address.start()]), address.group()]
        at = address.end()
    out.append(_inert(source[at:]))
    return escape_start("".join(out))


def escape_start(text: str) -> str:
    """Escape what would be a heading or a list where it starts a line."""
    return _LINE_START.sub(_escaped_start, text)


def _escaped_start(match: re.Match[str]) -> str:
    space, sign = match.groups()
    return f"{space}{sign}{_BLANK}" if sign.isdigit() else f"{space}\\{sign}"


def _inert(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    # "](" is broken as well: some readers of Discord's markdown do not know the escaped bracket.
    return _CALLS_ALL.sub(f"@{_BLANK}", escaped).replace("](", f"]{_BLANK}(")


def cut(text: str, room: int) -> str:
    """At most `room` units of plain (not escaped) text, with an ellipsis where it was cut."""
    if size(text) <= room:
        return text
    if room < 1:
        return ""
    kept = text[: room - 1]
    while size(kept) > room - 1:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def escape_cut(text: str, room: int) -> str:
    """Escaped, and at most `room` units; never ends within an escape."""
    return cut_escaped(escape(text), room)


def cut_escaped(text: str, room: int) -> str:
    """At most `room` units of escaped text."""
    if size(text) <= room:
        return text
    if room < 1:
        return ""
    kept = text[: room - 1]
    while size(kept) > room - 1 or _ends_in_escape(kept):
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def _ends_in_escape(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1
