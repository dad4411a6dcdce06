"""Whose fault an error is."""

from __future__ import annotations

from collections.abc import Sequence

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken_list
from bot.domain.evidence import Verdict
from bot.domain.message import (
    Block,
    Button,
    Line,
    Lines,
    Link,
    Message,
    Note,
    Text,
)
from bot.messages.text import short
from bot.status.explain import Explanation, Side

_SIDES = {
    Side.THEIRS: ("It is theirs", "🟠"),
    Side.YOURS: ("It is yours", "🏠"),
    Side.UNCLEAR: ("Unclear whose it is", "❓"),
}


def explanation_message(
    said: Explanation, verdicts: Sequence[Verdict], catalog: Catalog
) -> Message:
    """Whose fault it is. Nothing of what was pasted is repeated."""
    head, emoji = _SIDES[said.side]
    name = f": {said.entry.title}" if said.entry else ""
    lines: list[Line] = [(Text(said.advice),)]
    if said.because:
        bad = spoken_list([catalog.label(s) for s in said.because])
        lines.append((Text(f"Right now there is trouble with {bad}."),))
    elif said.entry and said.side is Side.THEIRS and verdicts:
        lines.append((Text("Nothing else shows trouble yet: if it stays, press I'm affected."),))
    blocks: list[Block] = [Lines(tuple(lines))]
    if said.entry and said.entry.sources:
        links: list[Text | Link] = [Text("Sources: ")]
        for number, source in enumerate(said.entry.sources, start=1):
            links += [Text(" · ")] if number > 1 else []
            links.append(Link(short(source.removeprefix("https://"), 60), source))
        blocks.append(Note(tuple(links)))
    surface = said.entry.surfaces[0] if said.entry and said.entry.surfaces else ""
    theirs = said.side is not Side.YOURS
    return Message(
        f"{head}{name}",
        f"{head}{name}. {said.advice}",
        emoji=emoji,
        blocks=tuple(blocks),
        buttons=(Button("affected", "I'm affected", surface),) if theirs else (),
    )
