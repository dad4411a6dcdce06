"""The answer to `explain`: whose fault an error is."""

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

_HEADS = {
    (Side.THEIRS, True): "It is theirs",
    (Side.THEIRS, False): "It is probably theirs",
    (Side.YOURS, True): "It is yours",
    (Side.YOURS, False): "It is probably yours",
}
_EMOJI = {Side.THEIRS: "🟠", Side.YOURS: "🏠", Side.UNCLEAR: "❓"}


def explanation_message(
    said: Explanation, verdicts: Sequence[Verdict], catalog: Catalog
) -> Message:
    """Say whose fault it is. Nothing of what was pasted is repeated."""
    head = _HEADS.get((said.side, said.certain), "Unclear whose it is")
    name = f": {said.entry.title}" if said.entry else ""
    lines: list[Line] = [(Text(said.advice),)]
    if said.because:
        decided = spoken_list([catalog.label(s) for s in said.because])
        lines.append((Text(f"Right now there is trouble with {decided}."),))
    elif others := [
        catalog.label(v.surface) for v in verdicts if v.in_trouble and not v.carried_by
    ]:
        lines.append((Text(f"There is trouble with {spoken_list(others)} right now."),))
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
        emoji=_EMOJI[said.side],
        blocks=tuple(blocks),
        buttons=(Button("affected", "I'm affected", surface),) if theirs else (),
    )
