"""Messages about what a team can use instead."""

from __future__ import annotations

from collections.abc import Sequence

from bot.catalog.catalog import Catalog
from bot.catalog.names import of_provider, spoken_list
from bot.domain.evidence import Verdict
from bot.domain.message import Block, Line, Lines, Message, Note, Text
from bot.evidence.sources import source_words
from bot.messages.durations import duration
from bot.messages.text import in_words, short
from bot.status.switch import proof
from bot.status.view import StatusView

_LONGEST_TITLE = 140


def alternatives_message(view: StatusView, names: Sequence[str], *, changed: bool) -> Message:
    """Return what a team can use instead, and whether each would be offered right now."""
    labels = names_of(view.catalog, names)
    if not names:
        title = "Nobody has said yet what can be used here instead"
    elif changed:
        title = f"Noted: {labels} can be used here instead"
    else:
        title = f"Used here instead: {labels}"
    lines: list[Line] = []
    for name in names:
        surfaces = [name] if name not in view.catalog.providers else of_provider(view.catalog, name)
        lines += [_now(view, verdict) for s in surfaces if (verdict := view.verdict(s))]
    how: Line = (
        Text("alternatives bedrock openai", code=True),
        Text(" replaces, "),
        Text("alternatives +mistral", code=True),
        Text(" adds, "),
        Text("alternatives -openai", code=True),
        Text(" takes away. I offer only what I see working at that moment."),
    )
    plain = " ".join(f"{part}." for part in [title, *map(in_words, lines)])
    blocks: list[Block] = [Lines(tuple(lines))] if lines else []
    blocks.append(Note(how))
    return Message(short(title, _LONGEST_TITLE), plain, emoji="🔀", blocks=tuple(blocks))


def names_of(catalog: Catalog, names: Sequence[str]) -> str:
    """Return them as a sentence lists them."""
    labels = [
        catalog.provider(name).label if name in catalog.providers else catalog.label(name)
        for name in names
    ]
    return spoken_list(labels)


def _now(view: StatusView, verdict: Verdict) -> Line:
    """One surface, with the evidence by which it is offered."""
    label = Text(view.catalog.label(verdict.surface), bold=True)
    if evidence := proof(verdict):
        age = duration(view.at - evidence.at)
        return (label, Text(f": up, {source_words(evidence.source)}, {age} ago"))
    return (label, Text(f": {verdict.severity.words}, so it is not offered"))
