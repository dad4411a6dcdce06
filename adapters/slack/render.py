"""Draws a card as Block Kit: plain dicts, within Slack's limits for any card. Pure.

Limits: https://docs.slack.dev/reference/block-kit/blocks. The total is not documented: 9,597
characters of block text were taken and 11,341 refused (slackapi/bolt-js#2867). Nothing from
outside goes into a `plain_text` object, and every `mrkdwn` is `verbatim`, so that Slack turns
no bare `@channel` or address in it into something live.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.chat.text import clean, cut, size
from adapters.slack.mrkdwn import (
    ZERO_WIDTH,
    cut_escaped,
    escape,
    is_web_address,
    line_of,
    row_of,
    split,
    without_markup,
)
from bot.domain.message import EMOJI, Block, Button, Lines, Message, Note, Quote, Rows

Json = dict[str, Any]

MESSAGE_BLOCKS = 50
SECTION_TEXT = 3_000
CONTEXT_TEXT = 2_000
TOTAL_TEXT = 8_900
FALLBACK_TEXT = 3_500  # best under 4,000; the rest is room for a mention
TITLE_TEXT = 600
ACTION_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
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


@dataclass(slots=True)
class _Piece:
    """One block to be: escaped lines, and how they are shown."""

    lines: list[str]
    small: bool = False
    quote: bool = False

    @property
    def wants(self) -> int:
        return sum(size(line) + 1 for line in self.lines)


def render(card: Message) -> Rendered:
    """Draw `card`. Without blocks and buttons it is its plain text alone."""
    text = cut_escaped(escape(card.plain or card.title).strip() or "…", FALLBACK_TEXT)
    if not card.blocks and not card.buttons:
        return Rendered(text, [])
    buttons = _buttons(card.buttons)
    title = cut_escaped(_title(card), TITLE_TEXT)
    room = TOTAL_TEXT - size(title) - sum(size(b["text"]["text"]) for b in buttons)
    count = MESSAGE_BLOCKS - bool(title) - bool(buttons)
    blocks = [_section(title)] if title else []
    blocks += _fit([piece for block in card.blocks for piece in _pieces(block)], room, count)
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return Rendered(text, blocks)


def plain(text: str) -> Json:
    """A `plain_text` object for our own short words (labels, titles)."""
    return {"type": "plain_text", "text": text, "emoji": True}


def markdown(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> Json:
    return {"type": "section", "text": markdown(text)}


def _title(card: Message) -> str:
    title = escape(card.title).replace("\n", " ").strip()
    emoji = card.emoji or (EMOJI[card.severity] if card.severity else "")
    if title:
        title = f"*{cut_escaped(title, TITLE_TEXT - 40)}*"  # with room for emoji and marks
        title = f"~{title}~" if card.struck else title
    return f"{emoji} {title}".strip()


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
    ours = sum(piece.wants for piece in pieces if not piece.quote)
    share = max(LEAST_QUOTE, (room - ours) // quotes) if quotes else 0
    blocks: list[Json] = []
    for piece in pieces:
        allowed = min(room, share) if piece.quote else room
        for text in _chunks(piece, allowed):
            if len(blocks) == count:
                return blocks
            room -= size(text)
            blocks.append(_context(text) if piece.small else _section(text))
    return blocks


def _context(text: str) -> Json:
    return {"type": "context", "elements": [markdown(text)]}


def _chunks(piece: _Piece, room: int) -> Iterator[str]:
    """The lines of a piece, as few texts as their limit allows, `room` characters in all."""
    limit = CONTEXT_TEXT if piece.small else SECTION_TEXT
    chunk: list[str] = []
    used = 0
    for line in piece.lines:
        whole = cut_line(line, min(limit, room))
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


def cut_line(line: str, room: int) -> str:
    """A line of mrkdwn of ours, shortened if it must be: then its markup is given up."""
    if size(line) < room:
        return line
    if line.startswith(">"):
        return ">" + cut_escaped(line[1:], room - 2)
    return cut_escaped(without_markup(line), room - 1)


def _worth(text: str) -> list[str]:
    """Slack refuses empty texts."""
    return [text] if text.strip(f" \n\t>{ZERO_WIDTH}") else []


def _buttons(buttons: Sequence[Button]) -> list[Json]:
    drawn: list[Json] = []
    for button in buttons[:ACTION_ELEMENTS]:
        label = cut(clean(button.label).strip(), BUTTON_TEXT)
        if not label or size(button.value) > BUTTON_VALUE:
            continue
        if button.url and not is_web_address(button.url):
            continue
        element: Json = {"type": "button", "text": plain(label)}
        element["action_id"] = _action_id(button.action, drawn)
        if button.value:
            element["value"] = clean(button.value)
        if button.url:
            element["url"] = button.url
        if button.primary:
            element["style"] = "primary"
        drawn.append(element)
    return drawn


def _action_id(action: str, before: Sequence[Json]) -> str:
    """`icd.<action>`, with a number where a row has the same action again: it must be unique."""
    wanted = f"{ACTION_PREFIX}{action}"[:240]
    taken = {element["action_id"] for element in before}
    return wanted if wanted not in taken else f"{wanted}.{len(before)}"
