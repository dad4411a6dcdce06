"""The digest of a day or a week: what happened, for how long, and how that compares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.incident import Incident
from bot.domain.message import Block, Line, Lines, Link, Message, Note, Text, Time
from bot.domain.page import Severity
from bot.evidence.scoreboard import ScoreResult
from bot.history.uptime import RULE
from bot.messages.durations import duration, lasted, timeline
from bot.messages.state import emoji_of, name_of, state_words
from bot.messages.text import in_words
from bot.messages.uptime import minutes_words, per_cent
from bot.status.digest import Digest

_MOST_INCIDENTS = 8
_MOST_PLANNED = 4
_WEEK = timedelta(days=2)  # a longer period is called a week, with room for changes of clocks


def digest_message(digest: Digest, now: datetime, catalog: Catalog) -> Message:
    """Say all of it, in a few lines."""
    span = "week" if digest.period.end - digest.period.start > _WEEK else "day"
    if digest.is_empty:
        words = f"A quiet {span}: nothing happened, and nothing is scheduled"
        return Message(words, f"{words}.", Severity.UP, emoji="🗓️", ended=True)
    count = len(digest.incidents)
    title = f"The {span}: {count or 'no'} incident{'s' * (count != 1)}"
    happened = [_incident_line(one, now) for one in digest.incidents[:_MOST_INCIDENTS]]
    if count > _MOST_INCIDENTS:
        rest = f"… and {count - _MOST_INCIDENTS} more: "
        happened.append((Text(rest), Text("history", code=True)))
    figures = list(_uptime_lines(digest, catalog))
    others = list(_alarm_lines(digest))
    for one in digest.scheduled[:_MOST_PLANNED]:
        begins = Time(one.scheduled_for or one.started_at, "date")
        others.append((Text("🔧 Scheduled: "), begins, Text(f" {name_of(one, 80)}")))
    blocks: list[Block] = [Lines(tuple(lines)) for lines in (happened, figures, others) if lines]
    if figures:
        blocks.append(Note((Text(f"{RULE}; compared with the 30 days before."),)))
    plain = " ".join(in_words(line) + "." for line in (*happened, *figures, *others))
    return Message(f"{title}", f"{title}. {plain}", emoji="🗓️", blocks=tuple(blocks), ended=True)


def _incident_line(incident: Incident, now: datetime) -> Line:
    spells = timeline(incident, now)
    how = spells or duration(lasted(incident, now))
    state = state_words(incident, now) if incident.is_open else how
    line: Line = (
        Text(f"{emoji_of(incident)} "),
        Time(incident.started_at, "date"),
        Text(" "),
        Text(name_of(incident, 80), bold=True),
        Text(f": {state}"),
    )
    return (*line, Text(" · "), Link("open it", incident.url)) if incident.url else line


def _uptime_lines(digest: Digest, catalog: Catalog) -> Iterator[Line]:
    """Yield the figures of the surfaces that were not up all the time, those alike in one line."""
    earlier = {one.surface: one.official for one in digest.before.surfaces} if digest.before else {}
    labels: dict[str, list[str]] = {}
    for one in digest.uptime.surfaces if digest.uptime else ():
        minutes = minutes_words(one.official)
        if not minutes:
            continue
        was = earlier.get(one.surface)
        month = f" (the month before: {per_cent(was.weighted)})" if was and was.known else ""
        figures = f" {minutes} · uptime {per_cent(one.official.weighted)}{month}"
        labels.setdefault(figures, []).append(catalog.label(one.surface))
    for figures, names in labels.items():
        yield (Text(", ".join(names), bold=True), Text(figures))


def _alarm_lines(digest: Digest) -> Iterator[Line]:
    """Yield what our own evidence was worth: how often early, how often wrong."""
    leads = [e.ahead for e in digest.scored if e.result is ScoreResult.LEAD and e.ahead]
    wrong = sum(e.result is ScoreResult.FALSE_ALARM for e in digest.scored)
    said = []
    if leads:
        said.append(f"{len(leads)} early, at best {duration(max(leads))} before the provider")
    if wrong:
        said.append(f"{wrong} false alarm{'s' * (wrong != 1)}")
    if said:
        yield (Text(f"Our own alarms: {'; '.join(said)}"),)
