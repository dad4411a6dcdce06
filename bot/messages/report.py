"""An incident as Markdown, fit to begin a post-mortem with. All times in UTC.

The provider's words are quoted and escaped, so that whatever is written there formats nothing,
links nowhere and calls nobody where the report is pasted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.incident import EventKind, Incident, IncidentEvent, SeenBy
from bot.domain.message import Lines, Message, Text
from bot.domain.page import Severity
from bot.history.story import Story, story_of
from bot.history.uptime import RULE, WEIGHTS
from bot.messages.durations import duration, lasted
from bot.messages.parts import change_words, text_of
from bot.messages.state import name_of, state_words
from bot.messages.story import ahead_words

_NONE = timedelta(0)
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>&])")
_COLUMNS = (Severity.MAJOR, Severity.PARTIAL, Severity.DEGRADED, Severity.MAINTENANCE)


def report_markdown(incident: Incident, now: datetime, catalog: Catalog) -> str:
    """Return the whole report; of an incident that is open, as far as it is known."""
    story = story_of(incident, now)
    lines = [
        f"# {inert(incident.title)}",
        "",
        *_facts(incident, now, catalog),
        "",
        "## Impact",
        "",
        *_impact(incident, story, catalog),
        "",
        "## Detection and reaction",
        "",
        *_reaction(story),
        "",
        "## Timeline",
        "",
    ]
    for event in sorted(incident.events, key=lambda event: event.at):
        lines += _event(incident, event, catalog)
    return "\n".join(lines).rstrip() + "\n"


def report_message(incident: Incident, now: datetime, catalog: Catalog) -> Message:
    """The report in a chat, as Markdown to copy."""
    said = report_markdown(incident, now, catalog)
    title = f"Report: {name_of(incident)}"
    lines = tuple((Text(line),) for line in said.splitlines() if line)
    return Message(title, f"{title}.", emoji="📄", blocks=(Lines(lines),))


def inert(text: str) -> str:
    """Return somebody else's text in one line, as Markdown that shows it and does nothing."""
    plain = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return plain.replace("@", "@\u200b").replace("://", ":\u200b//")


def _facts(incident: Incident, now: datetime, catalog: Catalog) -> Iterator[str]:
    provider = catalog.provider(incident.provider)
    yield f"- Provider: {inert(provider.label)}"
    yield f"- Incident: `{incident.key.replace('`', '')}`" + (
        f", <{incident.url}>" if incident.url.startswith(("https://", "http://")) else ""
    )
    yield f"- State: {inert(state_words(incident, now))}, at worst {incident.worst.words}"
    yield f"- Started: {_moment(incident.started_at)}"
    if incident.ended_at:
        length = duration(lasted(incident, now))
        yield f"- Ended: {_moment(incident.ended_at)} (lasted {length})"
    page = "the page's own list; it was over before we first looked"
    yield f"- Seen by: {page if incident.seen_by is SeenBy.PAGE else 'us, as it happened'}"


def _impact(incident: Incident, story: Story, catalog: Catalog) -> Iterator[str]:
    """A table of minutes; what only words name has no minutes of its own."""
    yield "| surface | major | partial | degraded | maintenance | weighted down time |"
    yield "|---|---|---|---|---|---|"
    rows = [("the incident as a whole", story.lengths)]
    rows += [(catalog.label(s), story.by_surface[s]) for s in catalog.order(story.by_surface)]
    for label, lengths in rows:
        cells = [duration(lengths[s]) if lengths.get(s) else "" for s in _COLUMNS]
        down = sum((lengths.get(s, _NONE) * w for s, w in WEIGHTS.items()), _NONE)
        yield f"| {inert(label)} | {' | '.join(cells)} | {duration(down) if down else ''} |"
    named = [s for s in catalog.order(incident.surfaces) if s not in story.by_surface]
    if named:
        labels = ", ".join(inert(catalog.label(s)) for s in named)
        yield ""
        yield f"Named without minutes of their own: {labels}."
    yield ""
    yield f"{RULE}."


def _reaction(story: Story) -> Iterator[str]:
    people = "1 person" if story.reporters == 1 else f"{story.reporters} people"
    yield f"- First report here: {_moment(story.first_report_at)}" + (
        f"; at most {people} reported at one time" if story.reporters else ""
    )
    yield f"- Suspected by our own evidence: {_moment(story.suspected_at)}"
    yield f"- Provider's first update: {_moment(story.first_update_at)}"
    yield f"- Resolved: {_moment(story.ended_at)}"
    if story.reaction is not None:
        reaction = duration(abs(story.reaction))
        side = "after" if story.reaction >= _NONE else "before"
        yield f"- Provider's reaction: {reaction} {side} the first report"
    if ahead := ahead_words(story):
        yield f"- {ahead}"
    if story.postmortem_at:
        yield f"- Provider's postmortem: {_moment(story.postmortem_at)}, at the incident's address"


def _event(incident: Incident, event: IncidentEvent, catalog: Catalog) -> Iterator[str]:
    if event.kind is EventKind.CORRECTED:
        return
    changes = "; ".join(inert(words) for words in change_words(event.changes, catalog))
    phase = f" ({inert(event.phase)})" if event.phase and event.phase != event.kind.value else ""
    tail = f": {changes}" if changes else ""
    yield f"- {_moment(event.at)} **{event.kind.value.replace('_', ' ')}**{phase}{tail}"
    text, edited = text_of(incident, event)
    for said in text.splitlines():
        if said.strip():
            yield f"  > {inert(said)}"
    if edited:
        yield "  (edited by the provider)"
    if event.note:
        yield f"  {inert(event.note)}"


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "not seen"
