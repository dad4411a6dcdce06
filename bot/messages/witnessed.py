"""Answers about what is witnessed besides the page: reports, just me, back, explain, scoreboard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken_list
from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.message import (
    EMOJI,
    Block,
    Button,
    Line,
    Lines,
    Link,
    Message,
    Note,
    Row,
    Rows,
    Text,
    Time,
)
from bot.domain.page import Severity
from bot.evidence.reports import ReportCount
from bot.evidence.scoreboard import Scoreboard, ScoreEntry, ScoreResult
from bot.evidence.sources import label_of, source_names
from bot.messages.durations import duration
from bot.messages.settings import notice
from bot.messages.text import in_words, short
from bot.status.advice import Advice, Do
from bot.status.duration import ExpectedDuration
from bot.status.explain import Explanation, Side

_MOST = 8
_WINDOW = "in the last half hour"


def tally_words(
    report_counts: Sequence[ReportCount], surfaces: Sequence[str], catalog: Catalog
) -> str:
    """Say "12 here report trouble: 9 Claude Code, 3 API"; empty if nobody does."""
    about = [t for t in report_counts if t.surface in surfaces]
    if not about:
        return ""
    ranked = sorted(about, key=lambda t: (-t.people, t.surface))
    parts = ", ".join(f"{t.people} {catalog.label(t.surface)}" for t in ranked)
    total = sum(t.people for t in about)
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
    lines: list[Line] = [(Text(f"Besides you {said} {_WINDOW}."),), *more]
    if verdict is not None:
        lines = [*lines, *_evidence_lines(verdict, catalog, {Source.REPORTS})]
    return Message(
        f"{counted}: trouble with {label}",
        f"{counted}: trouble with {label}. Besides you {said} {_WINDOW}.",
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


# --- just me? --------------------------------------------------------------------------------

_CHECKLIST = (
    "Does https://status.claude.com open? If not, it is your network, DNS, VPN or proxy.",
    "Try the same from another network (a phone's, say), and without VPN.",
    "Check the clock of your machine: a wrong one breaks TLS and logins.",
    "Usage limits look like outages: see the usage page of your account.",
    "Restart the app or the session once, and update it. Log in again at most once.",
)


def just_me_message(
    verdicts: Sequence[Verdict],
    here: Sequence[ReportCount],
    catalog: Catalog,
    more: Sequence[Line] = (),
) -> Message:
    """Compare one person's trouble with everything else that is known."""
    others = [t for t in here if t.people > 0 and any(t.surface == v.surface for v in verdicts)]
    troubled = [v for v in verdicts if v.in_trouble]
    unseen = [v for v in verdicts if v.severity is Severity.UNKNOWN and not v.suspected]
    rows = Rows(
        tuple(
            Row(
                v.severity,
                catalog.label(v.surface),
                v.severity.words,
                v.since if v.severity.is_impaired else None,
                "suspected" if v.suspected else "",
            )
            for v in verdicts
        )
    )
    lines: list[Line] = [line for v in verdicts for line in _evidence_lines(v, catalog, set())]
    if others:
        lines.append(
            (Text(f"{tally_words(others, [t.surface for t in others], catalog)} {_WINDOW}."),)
        )
    title, emoji = "It looks like it is just you", "🏠"
    blocks: list[Block] = [rows, Lines(tuple(lines[:_MOST]))] if lines else [rows]
    if troubled or others:
        title, emoji = "It is not just you", EMOJI[Severity.DEGRADED]
        blocks += [Lines(tuple(more))] if more else []
    elif unseen:
        title, emoji = "I can't tell: I can't see the status page", EMOJI[Severity.UNKNOWN]
    else:
        steps: tuple[Line, ...] = tuple((Text(f"• {step}"),) for step in _CHECKLIST)
        blocks.append(
            Lines(((Text("Nothing is wrong on the other side as far as I can see:"),), *steps))
        )
    return Message(
        title,
        f"{title}. {in_words(lines[0]) if lines else ''}".strip(),
        emoji=emoji,
        blocks=tuple(blocks),
        buttons=(Button("affected", "I'm affected", verdicts[0].surface if verdicts else ""),),
    )


def _evidence_lines(verdict: Verdict, catalog: Catalog, but: set[str]) -> list[Line]:
    """One line for each source that says something of this surface."""
    lines: list[Line] = []
    ordered = sorted(verdict.evidence, key=lambda e: source_names().index(e.source))
    for source, group in groupby(ordered, key=lambda e: e.source):
        if source in but:
            continue
        worst = max(group, key=lambda e: e.severity.rank)
        lines.append(_evidence_line(worst, verdict, catalog))
    return lines


def _evidence_line(piece: Evidence, verdict: Verdict, catalog: Catalog) -> Line:
    who = f"{label_of(piece.source)}, {catalog.label(verdict.surface)}: "
    said = piece.severity.words if piece.source == Source.PAGE else piece.says
    line: Line = (Text(who), Text(short(said, 160)))
    if piece.since is not None and piece.severity.is_impaired:
        line = (*line, Text(", since "), Time(piece.since, "clock"))
    return line


# --- advice ----------------------------------------------------------------------------------


def advice_words(advice: Advice, catalog: Catalog) -> str:
    """One sentence."""
    wait = duration(advice.wait)
    match advice.do:
        case Do.NOW:
            return "Retry now."
        case Do.BACK_OFF:
            return f"Retry in {wait} or a little later (not all at the same moment)."
        case Do.STOP:
            return f"Stop retrying; look again in {wait}."
        case Do.SWITCH:
            names = spoken_list([catalog.label(s) for s in advice.use], "or")
            return f"Use {names} meanwhile; retry in {wait} or later."


def how_long_words(said: ExpectedDuration) -> str:
    """Say how many were over in which time."""
    return (
        f"Of {said.n} like this half were over in {duration(said.half)}, "
        f"nine in ten in {duration(said.nine_in_ten)}."
    )


# --- tell me when it's back ------------------------------------------------------------------


def waiting_message(surfaces: Sequence[str], catalog: Catalog, *, new: bool) -> Message:
    names = spoken_list([catalog.label(s) for s in surfaces])
    verb = "is" if len(surfaces) == 1 else "are"
    title = f"I'll tell you when {names} {verb} back"
    return notice(title if new else f"{title}: I know already", emoji="🔔")


def back_message(
    surfaces: Sequence[str], asked_at: datetime, now: datetime, catalog: Catalog
) -> Message:
    """The one message that was asked for."""
    names = spoken_list([catalog.label(s) for s in surfaces])
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


# --- explain ---------------------------------------------------------------------------------

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


# --- scoreboard ------------------------------------------------------------------------------

_RESULTS = {
    ScoreResult.LEAD: "ahead of the provider",
    ScoreResult.LAG: "after the provider",
    ScoreResult.MISS: "missed",
    ScoreResult.FALSE_ALARM: "false alarms",
}


def scoreboard_message(board: Scoreboard, days: int, catalog: Catalog) -> Message:
    """How good our own suspicions were: all of them, the bad ones too."""
    counts = ", ".join(f"{board.count(result)} {words}" for result, words in _RESULTS.items())
    title = f"Our own suspicions in {days} days"
    lines: list[Line] = [(Text(counts[:1].upper() + counts[1:]),)]
    if board.median_lead is not None:
        lines.append((Text(f"Half of the leads were {duration(board.median_lead)} or more."),))
    lines += [_score_line(entry, catalog) for entry in reversed(board.entries[-_MOST:])]
    return Message(title, f"{title}: {counts}.", emoji="🎯", blocks=(Lines(tuple(lines)),))


def _score_line(entry: ScoreEntry, catalog: Catalog) -> Line:
    words = {ScoreResult.MISS: "missed", ScoreResult.FALSE_ALARM: "false alarm"}.get(
        entry.result, ""
    )
    if entry.ahead is not None:
        early = entry.ahead > timedelta(0)
        words = f"{duration(abs(entry.ahead))} {'ahead' if early else 'behind'}"
    names = ", ".join(catalog.label(s) for s in catalog.order(entry.surfaces)[:3])
    return (Time(entry.started_at, "date"), Text(f" {words}: {short(entry.title, 60)} ({names})"))
