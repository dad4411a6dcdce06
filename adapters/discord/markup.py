"""Discord's markup: outside text made inert, and lines of a message as text. Pure.

Escaping happens here and nowhere else. What comes out pings nobody, formats nothing and hides no
link: an address is shown as it is, so that it leads where it says.
https://docs.discord.com/developers/reference#message-formatting
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from adapters.chat.http import Json
from adapters.chat.text import ELLIPSIS, clean, cut, size
from adapters.discord.command_names import native
from adapters.discord.refs import Ref, read_ref
from bot.domain.message import Line, Link, Span, Text, ThreadLink, Time

DESCRIPTION: Final = 4096  # the longest text of an embed, in UTF-16 units
LINK_URL: Final = 1500

_BLANK = "\u200b"  # zero width: breaks a mention without showing
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]|*`\\\"]+")
_SPECIAL = re.compile(r"[\\*_~|`<>\[\]]")
# What starts a heading, a list, small print or a quote, where it starts a line.
_LINE_START = re.compile(r"(?m)^(\s*)(?:([#>+-])|(\d+(?=[.)]\s)))")
_CALLS_ALL = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_TIME_STYLES: Final = {"ago": "R", "clock": "t", "date": "f"}


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


def is_web_address(url: str, longest: int = LINK_URL) -> bool:
    """Return whether it is http(s), with nothing in it that would end the link early."""
    fits = url.startswith(("https://", "http://")) and size(url) <= longest
    return fits and not any(c in '<>|`\\"' or c.isspace() or not c.isprintable() for c in url)


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


_MENTION: Final = re.compile(r"<@(?P<role>&)?!?(?P<id>\d{5,25})>")


def mention_parts(mention: str | None) -> tuple[str, Json]:
    """Return what stands in front of a message to call somebody, and whom that may notify.

    A person or a role; @everyone and @here are never called.
    """
    found = _MENTION.fullmatch(mention or "")
    if found is None:
        return "", {"parse": []}
    who = "roles" if found["role"] else "users"
    address = f"<@{found['role'] or ''}{found['id']}>"
    return f"{address} ", {"parse": [], who: [found["id"]]}
