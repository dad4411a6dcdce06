"""Slack's blocks and Discord's messages as HTML, as far as we send them: for pictures alone."""

import html
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

# Drawn, since a system that makes pictures need not have a font of coloured emoji.
COLOURS = {
    "🟢": "#2bac76",
    "🟡": "#ecb22e",
    "🟠": "#f2803a",
    "🔴": "#e01e5a",
    "⚪": "#b5b5b5",
    "🔧": "#3498db",
    "ℹ️": "#3498db",
    "✖️": "#b5b5b5",
}
FACE = (
    '<svg viewBox="0 0 36 36"><rect width="36" height="36" fill="#3f3d38"/>'
    '<circle cx="18" cy="18" r="9" fill="#63d29b"/></svg>'
)


def emoji(text: str) -> str:
    """Return text, which is HTML already, with its emoji drawn."""
    for sign, colour in COLOURS.items():
        text = text.replace(sign, f'<i class="emoji" style="background:{colour}"></i>')
    return text


def marked(text: str, rules: Iterable[tuple[str, str]]) -> str:
    for pattern, put in rules:
        text = re.sub(pattern, put, text, flags=re.MULTILINE)
    return text


def ago(at: datetime, now: datetime) -> str:
    return f"{max(0, round((now - at).total_seconds() / 60))} minutes ago"


# --- Slack ---------------------------------------------------------------------------------------

_MRKDWN = (
    (r"&lt;(https?://[^|&]+)\|(.*?)&gt;", r'<a href="\1">\2</a>'),
    (r"(?<!\w)\*(?=\S)(.+?)(?<=\S)\*(?!\w)", r"<b>\1</b>"),
    (r"(?<!\w)~(?=\S)(.+?)(?<=\S)~(?!\w)", r"<s>\1</s>"),
    (r"`(.+?)`", r"<code>\1</code>"),
)


def mrkdwn(text: str, now: datetime) -> str:
    """Return Slack's markup as HTML; times as a reader in UTC sees them."""

    def moment(found: re.Match[str]) -> str:
        at = datetime.fromtimestamp(int(found[1]), UTC)
        if "ago" in found[2]:
            return ago(at, now)
        return f"{at:%H:%M}" if "date" not in found[2] else f"{at:%b %-d, %H:%M}"

    text = re.sub(r"<!date\^(\d+)\^([^|^]*)[^|]*\|[^>]*>", moment, text)
    # What was escaped for Slack is escaped for HTML as well; what is left are links.
    text = text.replace("<", "&lt;").replace(">", "&gt;")
    text = text.replace("&amp;lt;", "&lt;").replace("&amp;gt;", "&gt;")
    return emoji(marked(text, _MRKDWN))


def slack_blocks(blocks: Sequence[Json], now: datetime) -> str:
    drawn = []
    for block in blocks:
        match block["type"]:
            case "section":
                drawn += _lines(block["text"]["text"], now)
            case "context":
                told = "".join(mrkdwn(one.get("text", ""), now) for one in block["elements"])
                drawn.append(f'<p class="small">{told}</p>')
            case "actions":
                drawn.append(buttons(one["text"]["text"] for one in block["elements"]))
            case other:
                raise ValueError(f"no picture of a block {other!r} is known: add it here")
    return "".join(drawn)


def _lines(text: str, now: datetime) -> list[str]:
    """Paragraphs, and quotes where lines begin with their sign."""
    drawn = []
    for line in text.split("\n"):
        quoted = line.startswith((">", "&gt;"))
        words = re.sub(r"^(&gt;|>)\s?", "", line)
        drawn.append(f"<p{' class=quote' if quoted else ''}>{mrkdwn(words, now)}</p>")
    return drawn


# --- Discord -------------------------------------------------------------------------------------

_MARKDOWN = (
    (r"\[(.+?)\]\(&lt;(https?://.+?)&gt;\)", r'<a href="\2">\1</a>'),
    (r"\[(.+?)\]\((https?://.+?)\)", r'<a href="\2">\1</a>'),
    (r"\*\*(.+?)\*\*", r"<b>\1</b>"),
    (r"~~(.+?)~~", r"<s>\1</s>"),
    (r"`(.+?)`", r"<code>\1</code>"),
    (r"\\(.)", r"\1"),
)


def markdown(text: str, now: datetime) -> str:
    """Return Discord's markup as HTML; times as a reader in UTC sees them."""

    def moment(found: re.Match[str]) -> str:
        at = datetime.fromtimestamp(int(found[1]), UTC)
        if found[2] == "R":
            return ago(at, now)
        return f"{at:%H:%M}" if found[2] == "t" else f"{at:%b %-d, %H:%M}"

    text = html.escape(re.sub(r"<t:(\d+):?(\w?)>", moment, text), quote=False)
    drawn = []
    for line in text.split("\n"):
        kind, words = "", line
        if line.startswith("-# "):
            kind, words = ' class="small"', line[3:]
        elif line.startswith("&gt; "):
            kind, words = ' class="quote"', line[5:]
        drawn.append(f"<p{kind}>{emoji(marked(words, _MARKDOWN))}</p>")
    return "".join(drawn)


def discord_message(message: Json, now: datetime) -> str:
    drawn = markdown(message["content"], now) if message["content"] else ""
    for embed in message["embeds"]:
        told = markdown(embed["description"], now)
        drawn += f'<div class="embed" style="border-color:#{embed["color"]:06x}">{told}</div>'
    for row in message["components"]:
        drawn += buttons(one["label"] for one in row["components"])
    return drawn


# --- both ----------------------------------------------------------------------------------------


def buttons(labels: Iterable[str]) -> str:
    drawn = "".join(f"<span>{html.escape(label)}</span>" for label in labels)
    return f'<div class="buttons">{drawn}</div>'


def chat(
    kind: str, css: str, root: str, at: datetime, replies: Sequence[tuple[datetime, str]]
) -> str:
    """Return a page with a root and its thread."""
    several = "1 reply" if len(replies) == 1 else f"{len(replies)} replies"
    told = "".join(_message(moment, body) for moment, body in replies)
    thread = f'<div class="thread">{several}</div>{told}' if replies else ""
    return (
        f'<!doctype html><meta charset="utf-8"><style>{css}</style>'
        f'<body class="{kind}">{_message(at, root)}{thread}</body>'
    )


def _message(at: datetime, body: str) -> str:
    name = '<b>isclaudedown</b><span class="app">APP</span>'
    who = f'<div class="who">{name} <span>{at:%H:%M}</span></div>'
    return f'<div class="message"><div class="face">{FACE}</div><div>{who}{body}</div></div>'
