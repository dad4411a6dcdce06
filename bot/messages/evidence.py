"""Answers about people's reports, reminders, and how good our own evidence was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from bot.catalog.catalog import Catalog
from bot.catalog.names import begin, spoken, spoken_list
from bot.domain.evidence import Source, Verdict
from bot.domain.message import (
    EMOJI,
    Button,
    Line,
    Lines,
    Message,
    Note,
    Text,
    Time,
)
from bot.domain.page import Severity
from bot.evidence.reports import ReportCount
from bot.evidence.scoreboard import Scoreboard, ScoreResult
from bot.evidence.sources import label_of, source_names
from bot.messages.durations import duration
from bot.messages.text import notice, short

_MOST = 8
REPORT_WINDOW = "in the last half hour"


def tally_words(
    report_counts: Sequence[ReportCount], surfaces: Sequence[str], catalog: Catalog
) -> str:
    """Say "9 here report trouble: 9 Claude Code"; empty if nobody does.

    With several surfaces no total is said: one person may have trouble with two.
    """
    about = [t for t in report_counts if t.surface in surfaces]
    if not about:
        return ""
    ranked = sorted(about, key=lambda t: (-t.people, t.surface))
    parts = ", ".join(f"{t.people} {catalog.label(t.surface)}" for t in ranked)
    if len(about) > 1:
        return f"People here report trouble: {parts}"
    total = about[0].people
    return f"{total} here {'reports' if total == 1 else 'report'} trouble: {parts}"


def which_message(question: str, action: str, surfaces: Sequence[str], catalog: Catalog) -> Message:
    """Ask back: never guess which surface is meant."""
    buttons = tuple(Button(action, catalog.label(s), s) for s in surfaces[:5])
    names = spoken_list([catalog.label(s) for s in surfaces[:5]], "or")
    return Message(question, f"{question} {names}?", emoji="❓", buttons=buttons)


def counted_message(
    surface: str,
    report_counts: Sequence[ReportCount],
    verdict: Verdict | None,
    catalog: Catalog,
    *,
    new: bool,
    more: Sequence[Line] = (),
) -> Message:
    """After a report: what it adds to."""
    label = catalog.label(surface)
    people = next((t.people for t in report_counts if t.surface == surface), 1)
    others = people - 1
    counted = "Counted" if new else "You are counted already"
    said = "nobody else here" if not others else f"{others} more here"
    lines: list[Line] = [(Text(f"Besides you {said} {REPORT_WINDOW}."),), *more]
    if verdict is not None:
        lines = [*lines, *evidence_lines(verdict, catalog, {Source.REPORTS})]
    return Message(
        f"{counted}: trouble with {label}",
        f"{counted}: trouble with {label}. Besides you {said} {REPORT_WINDOW}.",
        emoji="✋",
        blocks=(
            Lines(tuple(lines)),
            Note((Text("Nothing that you write is kept, and your name only as a keyed hash."),)),
        ),
        buttons=(
            Button("works", "It works again for me", surface),
            Button("back", "Tell me when it's back", surface),
        ),
    )


def works_message(surface: str, catalog: Catalog) -> Message:
    return notice(f"Good: {catalog.label(surface)} works for you again", emoji="👍")


def evidence_lines(verdict: Verdict, catalog: Catalog, but: set[str]) -> list[Line]:
    """One line for each source that says something of this surface."""
    lines: list[Line] = []
    ordered = sorted(verdict.evidence, key=lambda e: source_names().index(e.source))
    for source, group in groupby(ordered, key=lambda e: e.source):
        if source in but:
            continue
        piece = max(group, key=lambda e: e.severity.rank)
        who = f"{label_of(source)}, {catalog.label(verdict.surface)}: "
        # The page's own words are its severity, but where it only speaks through a carrier.
        own = source == Source.PAGE and not verdict.carried_by
        line: Line = (Text(who), Text(short(piece.severity.words if own else piece.says, 160)))
        if piece.since is not None and piece.severity.is_impaired:
            line = (*line, Text(", since "), Time(piece.since, "clock"))
        lines.append(line)
    return lines


# --- tell me when it's back ------------------------------------------------------------------


def waiting_message(surfaces: Sequence[str], catalog: Catalog, *, new: bool) -> Message:
    names = spoken_list([spoken(catalog, s) for s in surfaces])
    verb = "is" if len(surfaces) == 1 else "are"
    title = f"I'll tell you when {names} {verb} back"
    return notice(title if new else f"{title}: I know already", emoji="🔔")


def back_message(
    surfaces: Sequence[str], asked_at: datetime, now: datetime, catalog: Catalog
) -> Message:
    """The one message that was asked for."""
    names = begin(spoken_list([spoken(catalog, s) for s in surfaces]))
    title = f"{names} {'is' if len(surfaces) == 1 else 'are'} back"
    after = duration(max(timedelta(0), now - asked_at))
    words = f"{title}, {after} after you asked me to tell you."
    wait = Text("Everybody comes back now: give it a minute before you retry in a loop.")
    return Message(
        title,
        words,
        Severity.UP,
        EMOJI[Severity.UP],
        (Lines(((Text(words),), (wait,))),),
        ended=True,
    )


# --- scoreboard ------------------------------------------------------------------------------

_RESULTS = {
    ScoreResult.LEAD: "ahead of the provider",
    ScoreResult.LAG: "after the provider",
    ScoreResult.MISS: "missed",
    ScoreResult.FALSE_ALARM: "false alarms",
}


def scoreboard_message(board: Scoreboard, days: int, catalog: Catalog) -> Message:
    """Say how good our own suspicions were: all of them, the bad ones too."""
    counts = ", ".join(f"{board.count(result)} {words}" for result, words in _RESULTS.items())
    title = f"Our own suspicions in {days} days"
    lines: list[Line] = [(Text(counts[:1].upper() + counts[1:]),)]
    if board.median_lead is not None:
        lines.append((Text(f"Half of the leads were {duration(board.median_lead)} or more."),))
    for entry in reversed(board.entries[-_MOST:]):
        words = {ScoreResult.MISS: "missed", ScoreResult.FALSE_ALARM: "false alarm"}.get(
            entry.result, ""
        )
        if entry.ahead is not None:
            early = entry.ahead > timedelta(0)
            words = f"{duration(abs(entry.ahead))} {'ahead' if early else 'behind'}"
        names = ", ".join(catalog.label(s) for s in catalog.order(entry.surfaces)[:3])
        said = f" {words}: {short(entry.title, 60)} ({names})"
        lines.append((Time(entry.started_at, "date"), Text(said)))
    return Message(title, f"{title}: {counts}.", emoji="🎯", blocks=(Lines(tuple(lines)),))
