"""Writes Slack's mrkdwn: escapes text from outside, and turns spans and lines into it. Pure.

Escaped are `&`, `<` and `>`, as https://docs.slack.dev/messaging/formatting-message-text asks:
without `<` there is no mention and no link. `*_~` and backticks cannot be escaped there, so a
zero-width space takes their effect where they would format; `:name:` likewise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.chat.http import Json
from adapters.chat.text import clean, cut, head, size
from bot.commands.table import command_of
from bot.domain.message import EMOJI, Line, Link, Row, Span, Text, ThreadLink, Time

ZERO_WIDTH = "\u200b"
URL_TEXT = 2_900  # a section holds 3,000 characters, and the link has a label
_FORMATS = re.compile(r"(?<![^\W_])([*_~`]+)(?=\S)|(?<=\S)([*_~`]+)(?![^\W_])")
_EMOJI_NAME = re.compile(r":(?=[a-z][a-z0-9_+'-]*:)", re.IGNORECASE)
# A person or a user group; nobody is called by <!channel>, <!here> or <!everyone>.
_MENTION = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+)(?:\|[^<>]*)?>")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{1,30}")
_TIMESTAMP = re.compile(r"[0-9]{1,20}\.[0-9]{1,10}")


# --- text from outside -----------------------------------------------------------------------


def defuse(text: str) -> str:
    """Break what would be bold, italic, struck, code or an emoji; words stay as they are."""
    broken = _FORMATS.sub(lambda m: ZERO_WIDTH.join(("", *m[0], "")), text)
    return _EMOJI_NAME.sub(":" + ZERO_WIDTH, broken)


def escape(text: str) -> str:
    """Return text from outside as mrkdwn that shows it and does nothing else."""
    return entities(defuse(clean(text)))


def escape_line(text: str) -> str:
    """Return text from outside as one line of inert mrkdwn."""
    return escape(text).replace("\n", " ").strip()


def entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mention(text: str) -> str | None:
    """Return the addresses of people and user groups in `text`, as Slack takes them.

    None: there is none, or something else.
    """
    found = [_MENTION.fullmatch(word) for word in text.split()]
    addresses = [f"<{one[1]}>" for one in found if one]
    return " ".join(addresses) if addresses and len(addresses) == len(found) else None


def rich_text(addresses: str) -> Json:
    """Return `addresses` as a field for rich text holds them."""
    people: list[Json] = []
    for address in addresses.split():
        if address.startswith("<!subteam^"):
            people.append({"type": "usergroup", "usergroup_id": address[10:-1]})
        else:
            people.append({"type": "user", "user_id": address[2:-1]})
        people.append({"type": "text", "text": " "})
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": people}],
    }


def addresses_in(field: Mapping[str, Any]) -> str:
    """Return the addresses and words in the field, with blanks between them."""
    words = []
    for line in field.get("elements") or ():
        for part in line.get("elements") or ():
            match part.get("type"):
                case "user":
                    words.append(f"<@{part.get('user_id')}>")
                case "usergroup":
                    words.append(f"<!subteam^{part.get('usergroup_id')}>")
                case kind:
                    words.append(str(part.get("text", kind)).strip())
    return " ".join(word for word in words if word)


def cut_escaped(escaped: str, room: int) -> str:
    """Return at most `room` units of an escaped text, no entity broken."""
    return cut(escaped, room, _without_half_entity)


def split(escaped: str, room: int) -> list[str]:
    """Return an escaped text in parts of at most `room` units, at blanks where there are any."""
    parts = []
    while size(escaped) > room:
        part = head(escaped, room, _without_half_entity)
        blank = part.rfind(" ")
        if blank > len(part) // 2:
            part = part[: blank + 1]
        if not part:
            break
        parts.append(part.rstrip(" "))
        escaped = escaped[len(part) :].lstrip(" ")
    return [*parts, escaped]


def _without_half_entity(text: str) -> str:
    start = text.rfind("&")
    return text[:start] if start >= 0 and ";" not in text[start:] else text


# --- spans and lines -------------------------------------------------------------------------


def line_of(spans: Line) -> str:
    """Return one line as mrkdwn."""
    return "".join(_span(span) for span in spans)


def _span(span: Span) -> str:
    match span:
        case Text():
            return _text(span)
        case Link(text, url):
            shown = escape_line(text)
            if not is_web_address(url):
                return shown
            # Markup in a label stays as it is; a bar would end the address.
            return f"<{entities(url)}|{shown.replace('|', '¦') or entities(url)}>"
        case Time(at, style):
            return _time(at, style)
        case ThreadLink(channel, root):
            if not _CHANNEL_ID.fullmatch(channel):
                return "another channel"
            thread = ""
            if root is not None and _TIMESTAMP.fullmatch(root):
                address = f"https://slack.com/archives/{channel}/p{root.replace('.', '')}"
                thread = f" (<{address}|open>)"
            return f"<#{channel}>{thread}"


def row_of(row: Row) -> str:
    """Return a surface with its severity, and since when, as one line."""
    parts = [f"{EMOJI[row.severity]} *{escape_line(row.name)}*", escape_line(row.words)]
    if row.since is not None:
        parts.append(f"since {_time(row.since, 'clock')} ({_time(row.since, 'ago')})")
    if row.note:
        parts.append(escape_line(row.note))
    return "  ·  ".join(part for part in parts if part)


def as_typed(words: str) -> str:
    """Return a command as it is typed in Slack; words that are no command stay as they are.

    >>> as_typed("subscribe +opus")
    '/isclaudedown subscribe +opus'
    """
    if words == "(nothing)":
        return "/isclaudedown"
    verb = words.partition(" ")[0]
    command = command_of(verb)
    is_command = command is not None and command.verb == verb
    return f"/isclaudedown {words}" if is_command else words


def without_markup(line: str) -> str:
    """Return what a line says without links, times and styles, so that it can be cut anywhere."""
    shown = []
    for part in line.split("<"):
        inside, closed, rest = part.partition(">")
        shown.append(inside.rpartition("|")[2] + rest if closed else part)
    return defuse("".join(shown))


def is_web_address(url: str) -> bool:
    """Return whether it is http(s), and nothing in it would end the link early."""
    fits = url.startswith(("https://", "http://")) and size(url) <= URL_TEXT
    return fits and not any(c in "<>|`" or c.isspace() or not c.isprintable() for c in url)


def _text(span: Text) -> str:
    """Styles hold only at the edge of a word, so blanks go outside of them."""
    bare = clean(span.text).replace("\n", " ")
    inner = bare.strip()
    if not inner or not (span.bold or span.code or span.struck):
        return entities(defuse(bare))
    shown = as_typed(inner.replace("`", "'")) if span.code else defuse(inner)
    styled = f"`{entities(shown)}`" if span.code else entities(shown)
    if span.bold:
        styled = f"*{styled}*"
    if span.struck:
        styled = f"~{styled}~"
    lead, tail = bare[: len(bare) - len(bare.lstrip())], bare[len(bare.rstrip()) :]
    return f"{lead}{styled}{tail}"


def _time(at: datetime, style: str) -> str:
    """A time in the reader's own zone, with UTC for clients that cannot."""
    form, fallback = {
        "ago": ("{ago}", "%Y-%m-%d %H:%M UTC"),
        "clock": ("{time}", "%H:%M UTC"),
    }.get(style, ("{date_short_pretty} {time}", "%Y-%m-%d %H:%M UTC"))
    return f"<!date^{int(at.timestamp())}^{form}|{at.strftime(fallback)}>"
