"""An incident's story in figures, as its root ends with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken_list
from bot.domain.incident import Incident, Origin
from bot.domain.message import Line, Link, Span, Text, Time
from bot.domain.page import Severity
from bot.history.story import Story, story_of
from bot.messages.durations import duration

SHORTEST = timedelta(minutes=1)  # of a lead or a lag that is worth a word
_SHORT = {Severity.MAJOR: "major", Severity.PARTIAL: "partial"}


def story_lines(incident: Incident, now: datetime, catalog: Catalog) -> list[Line]:
    """Say what happened to whom and who knew it when; nothing that the root says elsewhere."""
    if incident.withdrawn or incident.maintenance:
        return []
    story = story_of(incident, now)
    lines: list[Line] = []
    if by_surface := surface_words(story, catalog):
        lines.append((Text(by_surface),))
    if incident.origin is Origin.PROVIDER and (reaction := reaction_line(story)):
        lines.append(reaction)
    if ahead := ahead_words(story):
        lines.append((Text(ahead),))
    if story.postmortem_at and incident.url:
        lines.append((Link("The provider's postmortem", incident.url), Text(".")))
    return lines


def lengths_words(lengths: Mapping[Severity, timedelta]) -> str:
    """Say "major 40 min, partial 73 min"."""
    return ", ".join(
        f"{_SHORT.get(severity, severity.words)} {duration(length)}"
        for severity, length in lengths.items()
    )


def surface_words(story: Story, catalog: Catalog) -> str:
    """Say it for each surface, those that are alike together. Empty: all were as the whole was."""
    alike: dict[str, list[str]] = {}
    for surface in catalog.order(story.by_surface):
        words = lengths_words(story.by_surface[surface])
        alike.setdefault(words, []).append(catalog.label(surface))
    if set(alike) <= {lengths_words(story.lengths)}:
        return ""
    said = [f"{spoken_list(labels)} {words}" for words, labels in alike.items()]
    return "; ".join(said) + "."


def reaction_line(story: Story) -> Line:
    """First report → first update → resolved, with how long each took. Empty: nobody reported."""
    if story.first_report_at is None or story.first_update_at is None:
        return ()
    count = f" ({story.reporters} people)" if story.reporters > 1 else ""
    line: list[Span] = [Text("First report here "), Time(story.first_report_at), Text(count)]
    reaction = story.first_update_at - story.first_report_at
    when = f"{duration(abs(reaction))} {'later' if reaction >= timedelta(0) else 'earlier'}"
    line.append(Text(f" → provider's first update {when}"))
    if story.ended_at and story.ended_at > story.first_update_at:
        line.append(Text(f" → resolved {duration(story.ended_at - story.first_update_at)} on"))
    return (*line, Text("."))


def ahead_words(story: Story) -> str:
    """How far our own evidence was ahead of the provider, or behind it."""
    if story.ahead is None or abs(story.ahead) < SHORTEST:
        return ""
    length = duration(abs(story.ahead))
    if story.ahead > timedelta(0):
        return f"Suspected here {length} before the provider said so."
    return f"Our own evidence came {length} after the provider's word."
