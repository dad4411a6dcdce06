"""The message of a channel's board: what is true now of what the channel asked for.

It stands for long, so nothing in it grows old by itself: times are times, which every platform
shows by the reader's clock, and no length of time is written out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.board import PIN
from bot.domain.message import (
    EMOJI,
    Button,
    Line,
    Lines,
    Message,
    Note,
    Row,
    Rows,
    Text,
    ThreadLink,
    Time,
)
from bot.domain.page import Severity, worst
from bot.domain.subscription import Subscription, ThreadRecord
from bot.messages.headline import verdict_sentence
from bot.messages.provider_answer import ProviderAnswer, incident_line
from bot.messages.text import in_words, short
from bot.status.view import StatusView

# Beyond so many rows, those that are up share one (guess: a phone shows some twelve lines).
_MOST_ROWS = 10
_MOST_INCIDENTS = 5
_MOST_LINKS = 3
_LONGEST_TITLE = 140
_LONGEST_LABELS = 200


@dataclass(frozen=True, slots=True)
class BoardContent:
    """A board's message, and what of it is worth a change: all but the time of `at`."""

    message: Message
    shown: tuple[object, ...]
    at: datetime


def board_content(
    view: StatusView, subscription: Subscription, threads: Mapping[str, ThreadLink]
) -> BoardContent:
    """Return what a channel's board shows. `threads`: by incident (key), where there is one."""
    asked, owner = subscription.surfaces, subscription.channel.owner
    by_default = [one for one in view.providers if one.provider in view.catalog.by_default]
    chosen = view.concerned(asked) if asked else by_default
    answers = [ProviderAnswer(one, view, asked) for one in chosen]
    title = short(verdict_sentence(answers, view.catalog), _LONGEST_TITLE)
    rows = _folded([row for one in answers for row in one.rows()])
    incidents = [
        incident for one in answers for incident in one.incidents() if incident.is_shown_to(owner)
    ]
    lines = [one.unseen_line() for one in answers if not one.sees]
    lines += [incident_line(i, threads.get(i.key)) for i in incidents[:_MOST_INCIDENTS]]
    if (more := len(incidents) - _MOST_INCIDENTS) > 0:
        lines.append((Text(f"… and {more} more: "), Text("history", code=True)))
    severity = worst(how for one in answers if one.sees for how in one.known.values())
    if severity is Severity.UP and not (answers and all(one.sees for one in answers)):
        severity = Severity.UNKNOWN
    note: Line = (Text("As of "), Time(view.at, "ago"), Text("; renewed with every change, "))
    note = (*note, Text("and every hour"))
    for one in answers[:_MOST_LINKS]:
        note = (*note, *one.page_link())
    parts = (Rows(tuple(rows)) if rows else None, Lines(tuple(lines)) if lines else None)
    message = Message(
        title,
        " ".join([f"{title}.", *map(in_words, lines)]),
        severity,
        EMOJI[severity],
        (*(part for part in parts if part), Note(note)),
        (Button("affected", "I'm affected"), Button("justme", "Just me?")),
    )
    return BoardContent(message, (title, severity, rows, lines), view.at)


def _folded(rows: Sequence[Row]) -> list[Row]:
    """Return the rows; of too many, those that are up as one."""
    up = [row for row in rows if row.severity is Severity.UP]
    if len(rows) <= _MOST_ROWS or len(up) < 2:
        return list(rows)
    labels = short(", ".join(row.name for row in up), _LONGEST_LABELS)
    others = [row for row in rows if row.severity is not Severity.UP]
    return [*others, Row(Severity.UP, labels, Severity.UP.words)]


def board_over_message(now: datetime) -> Message:
    """Return the last change of a board that is not wanted any more, or is put up anew."""
    title = "This board is not kept any more"
    line: Line = (
        Text("Since "),
        Time(now, "date"),
        Text(". "),
        Text("board", code=True),
        Text(" puts up another one."),
    )
    return Message(title, f"{title}.", emoji="⏹️", blocks=(Lines((line,)),), ended=True)


def board_line(subscription: Subscription, record: ThreadRecord | None) -> Line:
    """Say where a channel's board is, and what it lacks; empty where none is asked for."""
    board = subscription.board
    if board is None or not board.kept:
        return ()
    if record is None or record.root is None or record.joined != board.number:
        return (Text("The board is on its way: it is queued for this channel."),)
    if not record.root:
        deleted = (Text("The board was deleted, so it is off; "), Text("board", code=True))
        return (*deleted, Text(" puts it up anew."))
    line: Line = (Text("The board is kept: "), ThreadLink(subscription.channel.id, record.root))
    unpinned = record.replies.get(PIN)
    return (*line, Text(f" (not pinned: {unpinned})")) if unpinned else line
