"""Answers about a channel that somebody picked: they name it instead of "this channel". Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.commands import Answer
from bot.domain.message import Block, Line, Lines, Note, Span, Text, ThreadLink
from bot.domain.subscription import Channel

_HERE = re.compile(r"\bthis channel\b", re.IGNORECASE)


def naming(answer: Answer, channel: Channel) -> Answer:
    """Return the answer to the one who picked `channel`; the public line stands in it anyway."""
    link = ThreadLink(channel.id)
    message = answer.message
    blocks: list[Block] = []
    for block in message.blocks:
        match block:
            case Lines(lines):
                blocks.append(Lines(tuple(_line(line, link) for line in lines)))
            case Note(line):
                blocks.append(Note(_line(line, link)))
            case _:  # somebody else's words, or a table
                blocks.append(block)
    if blocks == list(message.blocks):
        blocks.insert(0, Lines(((Text("In "), link, Text(":")),)))
    return replace(
        answer,
        message=replace(
            message,
            title=_HERE.sub(_that, message.title),
            plain=_HERE.sub(_that, message.plain),
            blocks=tuple(blocks),
        ),
    )


def _that(here: re.Match[str]) -> str:
    """A title and a plain text hold no link."""
    return "That channel" if here[0][0].isupper() else "that channel"


def _line(line: Line, link: ThreadLink) -> Line:
    spans: list[Span] = []
    for span in line:
        if not isinstance(span, Text) or span.code:
            spans.append(span)
            continue
        first, *rest = _HERE.split(span.text)
        spans.append(replace(span, text=first))
        for text in rest:
            spans += [link, replace(span, text=text)]
    return tuple(span for span in spans if span != Text(""))
