"""Discord's markup: outside text made inert. Pure.

Escaping happens here and nowhere else. What comes out pings nobody, formats nothing and hides no
link: an address is shown as it is, so that it leads where it says.
https://docs.discord.com/developers/reference#message-formatting
"""

from __future__ import annotations

import re
from typing import Final

from adapters.chat.http import Json
from adapters.chat.text import clean, cut, size

DESCRIPTION: Final = 4096  # the longest text of an embed, in UTF-16 units
LINK_URL: Final = 1500

_BLANK = "\u200b"  # zero width: breaks a mention without showing
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]|*`\\\"]+")
_SPECIAL = re.compile(r"[\\*_~|`<>\[\]]")
# What starts a heading, a list, small print or a quote, where it starts a line.
_LINE_START = re.compile(r"(?m)^([^\S\n]*+)(?:([#>+-])|(\d+(?=[.)]\s)))")
_CALLS_ALL = re.compile(r"@(?=everyone|here)", re.IGNORECASE)


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def escape(text: str) -> str:
    """Escape everything that Discord would read as more than letters."""
    escaped = []
    at = 0
    source = clean(text)
    for address in (*_ADDRESS.finditer(source), None):
        plain = source[at : address.start()] if address else source[at:]
        plain = _SPECIAL.sub(r"\\\g<0>", plain)
        # "](" is broken as well: some readers of Discord's markup do not know the escaped bracket.
        escaped.append(_CALLS_ALL.sub(f"@{_BLANK}", plain).replace("](", f"]{_BLANK}("))
        if address:
            escaped.append(address.group())
            at = address.end()
    return escape_start("".join(escaped))


def escape_start(text: str) -> str:
    """Escape what would be a heading or a list where it starts a line."""
    return _LINE_START.sub(lambda m: f"{m[1]}{m[3]}{_BLANK}" if m[3] else f"{m[1]}\\{m[2]}", text)


def escape_cut(text: str, room: int) -> str:
    """Return the text escaped, at most `room` units long, never ending within an escape."""
    return cut(escape(text), room, mend)


def mend(escaped: str) -> str:
    """Return the text without the half of an escape at its end."""
    backslashes = len(escaped) - len(escaped.rstrip("\\"))
    return escaped[:-1] if backslashes % 2 else escaped


def unescape(text: str) -> str:
    """Return a line of ours as plain text: without escapes, bold and struck."""
    return re.sub(r"\\(.)|\*\*|~~", lambda m: m[1] or "", text).replace(_BLANK, "")


def is_web_address(url: str, longest: int = LINK_URL) -> bool:
    """Return whether it is http(s), with nothing in it that would end the link early."""
    fits = url.startswith(("https://", "http://")) and size(url) <= longest
    return fits and not any(c in '<>|`\\"' or c.isspace() or not c.isprintable() for c in url)


_MENTION: Final = re.compile(r"<@(?P<role>&)?!?(?P<id>\d{5,25})>")


def mention_parts(mention: str | None) -> tuple[str, Json]:
    """Return what stands in front of a message to call somebody, and whom that may notify.

    People and roles, several with blanks between; @everyone and @here are never called.
    """
    allowed: Json = {"parse": []}
    in_front = ""
    for found in _MENTION.finditer(mention or ""):
        in_front += f"<@{found['role'] or ''}{found['id']}> "
        allowed.setdefault("roles" if found["role"] else "users", []).append(found["id"])
    return in_front, allowed
