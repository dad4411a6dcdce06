"""The answer to the question: is it Claude, or is it me?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.domain.message import (
    EMOJI,
    Block,
    Button,
    Line,
    Lines,
    Link,
    Message,
    Note,
    Rows,
    Text,
    ThreadLink,
)
from bot.domain.page import Severity, worst
from bot.messages.advice import advice_line
from bot.messages.headline import Question, headline
from bot.messages.provider_answer import ProviderAnswer
from bot.messages.text import in_words
from bot.status.view import StatusView

_LONGEST_HEAD = 140  # the shortest title of a platform takes 150 characters


def answer_message(
    view: StatusView,
    *,
    asked: Collection[str] = (),
    threads: Mapping[str, ThreadLink] | None = None,
    how_long: Sequence[Line] = (),
    question: Question = Question.DOWN,
    page_url: str = "",
) -> Message:
    """Return the answer about the surfaces `asked` (none: everything that matters).

    `threads`: where this channel has an incident's thread, by incident key. `how_long`:
    how long it may take. `question`: what was asked. `page_url`: where the same stands as a page
    that stays up to date.
    """
    catalog = view.catalog
    shown = [ProviderAnswer(one, view, asked) for one in view.concerned(asked)]
    head, opening = headline(shown, catalog, question)
    plain = f"{head}. {' '.join(map(in_words, opening))}"
    # A short answer is all in its title, which is what a notification shows.
    fits = len(opening) == 1 and len(plain) <= _LONGEST_HEAD
    blocks: list[Block] = [] if fits else [Lines(opening)]
    # Of a page out of sight only what was asked: what it last showed is no state of now.
    drawn = [one for one in shown if one.sees or asked] or shown
    rows = [row for one in drawn for row in one.rows()]
    if rows:
        blocks.append(Rows(tuple(rows)))
    lines: list[Line] = [line for one in shown for line in one.incident_lines(threads or {})]
    lines += [line for one in shown if (line := one.evidence_line())]
    # Only where we see: advice about the past helps nobody.
    bad = [v for one in shown if one.sees for v in one.verdicts if v.in_trouble]
    if bad and (tip := advice_line(view, max(bad, key=lambda v: v.severity.rank).surface)):
        lines.append((Text(tip),))
    lines += how_long
    if lines:
        blocks.append(Lines(tuple(lines)))
    blocks += [Note(one.source_line()) for one in shown]
    if page_url:
        blocks.append(Note((Text("As a page, always up to date: "), Link("open it", page_url))))
    seen = [how for one in shown if one.sees for how in one.known.values()]
    severity = worst(seen, default=Severity.UNKNOWN)
    if severity is Severity.UP and not all(one.sees for one in shown):
        severity = Severity.UNKNOWN
    return Message(
        title=plain if fits else head,
        plain=plain,
        severity=severity,
        emoji=EMOJI[severity],
        blocks=tuple(blocks),
        buttons=_buttons(severity, asked),
    )


def _buttons(severity: Severity, asked: Collection[str]) -> tuple[Button, ...]:
    value = next(iter(asked)) if len(asked) == 1 else ""
    subscribe = Button("subscribe", "Subscribe this channel", value)
    affected = Button("affected", "I'm affected", value)
    if severity.rank <= Severity.UP.rank:
        return (affected, Button("justme", "Just me?", value), subscribe)
    back = Button("back", "Tell me when it's back", value)
    return (affected, back, subscribe, Button("details", "Details", value))
