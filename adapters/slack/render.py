"""Renders a message as Block Kit: plain dicts, within Slack's limits for any message. Pure.

Limits: https://docs.slack.dev/reference/block-kit/blocks. The total is not documented: 9,597
characters of block text were taken and 11,341 refused (slackapi/bolt-js#2867). Nothing from
outside goes into a `plain_text` object, and every `mrkdwn` is `verbatim`, so that Slack turns
no bare `@channel` or address in it into something live.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from adapters.chat.http import Json
from adapters.chat.text import clean, cut, size
from adapters.slack.charts import chart_blocks
from adapters.slack.mrkdwn import (
    ZERO_WIDTH,
    cut_escaped,
    escape,
    escape_line,
    is_web_address,
    line_of,
    row_of,
    split,
    without_markup,
)
from bot.domain.message import EMOJI, Block, Button, Lines, Message, Note, Quote, Rows

MESSAGE_BLOCKS = 50
SECTION_TEXT = 3_000
CONTEXT_TEXT = 2_000
TOTAL_TEXT = 8_900
FALLBACK_TEXT = 3_500  # best under 4,000; the rest is room for a mention
TITLE_TEXT = 600
ACTION_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
ACTION_TEXT = 235  # an action_id has 255, ours a prefix and sometimes a number
# What a quote gets at least, however much stands beside it.
LEAST_QUOTE = 300
# A longer line of a quote goes on in the next block.
QUOTE_LINE = 2_900

ACTION_PREFIX = "icd."


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to send: `text` is what notifications and screen readers get."""

    text: str
    blocks: list[Json]
    # Of an answer: what draws it. Sent along where Slack takes it, else left out.
    charts: list[Json] = field(default_factory=list)

    @property
    def as_blocks(self) -> list[Json]:
        """The blocks, or the text as one: forms and the home have nothing but blocks."""
        return self.blocks or [section(self.text)]


@dataclass(slots=True)
class _Piece:
    """One block to be: escaped lines, and how they are shown."""

    lines: list[str]
    small: bool = False
    quote: bool = False

    @property
    def size(self) -> int:
        return sum(size(line) + 1 for line in self.lines)


def render(message: Message) -> Rendered:
    """Render `message`. Without blocks and buttons it is its plain text alone."""
    text = cut_escaped(escape(message.plain or message.title).strip() or "…", FALLBACK_TEXT)
    if not message.blocks and not message.buttons:
        return Rendered(text, [])
    buttons = _buttons(message.buttons)
    title = escape_line(message.title)
    if title:
        title = f"*{cut_escaped(title, TITLE_TEXT - 40)}*"  # with room for emoji and marks
        title = f"~{title}~" if message.struck else title
    emoji = message.emoji or (EMOJI[message.severity] if message.severity else "")
    title = cut_escaped(f"{emoji} {title}".strip(), TITLE_TEXT)
    room = TOTAL_TEXT - size(title) - sum(size(b["text"]["text"]) for b in buttons)
    count = MESSAGE_BLOCKS - bool(title) - bool(buttons)
    blocks = [section(title)] if title else []
    blocks += _fit([piece for block in message.blocks for piece in _pieces(block)], room, count)
    if buttons:
        blocks.append(actions(*buttons))
    return Rendered(text, blocks, chart_blocks(message.chart) if message.chart else [])


def message_view(message: Message) -> Json:
    """Return a modal that shows a message, without its buttons."""
    rendered = render(message)
    blocks = [block for block in rendered.blocks if block["type"] != "actions"]
    return {
        "type": "modal",
        "title": plain("Outage news"),
        "close": plain("Done"),
        "blocks": blocks or [section(rendered.text)],
    }


def plain(text: str) -> Json:
    """Return a `plain_text` object for our own short words (labels, titles)."""
    return {"type": "plain_text", "text": text, "emoji": True}


def markdown(text: str) -> Json:
    """Return a text object for mrkdwn that was escaped."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, **more: Json) -> Json:
    """Return a paragraph of mrkdwn; `more` is its accessory."""
    return {"type": "section", "text": markdown(text), **more}


def _pieces(block: Block) -> list[_Piece]:
    match block:
        case Lines(lines):
            return [_Piece([line_of(line) for line in lines])]
        case Rows(rows):
            return [_Piece([row_of(row) for row in rows])]
        case Note(line):
            return [_Piece([line_of(line)], small=True)]
        case Quote(text, lead):
            words = escape(text).strip().split("\n")
            said = [f">{part}" for line in words for part in split(line, QUOTE_LINE)]
            return [_Piece([*([line_of(lead)] if lead else []), *said], quote=True)]


def _fit(pieces: Sequence[_Piece], room: int, count: int) -> list[Json]:
    """Blocks for `pieces` that need at most `room` characters and `count` blocks.

    Quotes give way first: what stands around them is ours and short. If that does not do, the
    end is left out.
    """
    quotes = sum(piece.quote for piece in pieces)
    ours = sum(piece.size for piece in pieces if not piece.quote)
    share = max(LEAST_QUOTE, (room - ours) // quotes) if quotes else 0
    blocks: list[Json] = []
    for piece in pieces:
        allowed = min(room, share) if piece.quote else room
        for text in _chunks(piece, allowed):
            if len(blocks) == count:
                return blocks
            room -= size(text)
            blocks.append(context(text) if piece.small else section(text))
    return blocks


def context(text: str) -> Json:
    """Return a line of small print."""
    return {"type": "context", "elements": [markdown(text)]}


def _chunks(piece: _Piece, room: int) -> Iterator[str]:
    """Yield the lines of a piece in as few texts as possible, `room` characters in all."""
    limit = CONTEXT_TEXT if piece.small else SECTION_TEXT
    chunk: list[str] = []
    used = 0
    for line in piece.lines:
        fits, whole = min(limit, room), line
        if size(line) >= fits and line.startswith(">"):
            whole = ">" + cut_escaped(line[1:], fits - 2)
        elif size(line) >= fits:
            whole = cut_escaped(without_markup(line), fits - 1)  # a cut would break the markup
        cost = size(whole) + 1
        if chunk and used + cost > limit:
            yield from _worth("\n".join(chunk))
            chunk, used = [], 0
        if cost > room:
            break
        chunk.append(whole)
        used += cost
        room -= cost
        if whole != line:  # cut short: what follows would read as if nothing were missing
            break
    yield from _worth("\n".join(chunk))


def _worth(text: str) -> list[str]:
    """Slack refuses empty texts."""
    return [text] if text.strip(f" \n\t>{ZERO_WIDTH}") else []


def button(
    label: str, action: str, value: str = "", *, url: str = "", primary: bool = False
) -> Json:
    """Return a button whose press comes back as `icd.<action>` with `value`."""
    element: Json = {"type": "button", "text": plain(label), "action_id": ACTION_PREFIX + action}
    if value:
        element["value"] = value
    if url:
        element["url"] = url
    if primary:
        element["style"] = "primary"
    return element


def overflow(action: str, choices: Sequence[tuple[str, str]]) -> Json:
    """Return a menu of at most five (label, value) whose choice comes back as `icd.<action>`."""
    options = [{"text": plain(label), "value": value} for label, value in choices]
    return {"type": "overflow", "action_id": ACTION_PREFIX + action, "options": options}


def actions(*elements: Json) -> Json:
    """Return a row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def _buttons(buttons: Sequence[Button]) -> list[Json]:
    elements: list[Json] = []
    for wanted in buttons[:ACTION_ELEMENTS]:
        label = cut(clean(wanted.label).strip(), BUTTON_TEXT)
        if not label or size(wanted.value) > BUTTON_VALUE:
            continue
        if wanted.url and not is_web_address(wanted.url):
            continue
        action = wanted.action[:ACTION_TEXT]
        if any(e["action_id"] == ACTION_PREFIX + action for e in elements):
            action = f"{action}.{len(elements)}"  # it must be unique in a row
        value = clean(wanted.value)
        elements.append(button(label, action, value, url=wanted.url, primary=wanted.primary))
    return elements
