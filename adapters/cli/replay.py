"""`replay` shows what one channel would have got from recorded history."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path
from typing import TextIO

from adapters.cli.output import progress, write_json, write_line
from adapters.cli.words import severity_named, surfaces_named
from adapters.providers.recording import Observation, open_recording
from adapters.terminal import render as terminal
from adapters.terminal.look import look_of
from bot.catalog.catalog import Catalog
from bot.catalog.catalog_file import load_catalog
from bot.catalog.providers import Provider, generic
from bot.domain.errors import BotError
from bot.domain.page import Snapshot
from bot.domain.subscription import Channel, Subscription
from bot.messages.state import name_of
from bot.replay import as_json as replay_line
from bot.replay import replayed

PLACES = {"channel": "in the channel", "thread": "in threads", "edit": "edited"}


@dataclass(slots=True)
class _Story:
    """One page's history. `polls`: it was seen so, and may go on in another file."""

    provider: str
    looks: list[Observation]
    polls: bool
    watched: Provider | None = None

    def goes_on_in(self, other: _Story) -> bool:
        same = self.provider == other.provider and self.polls and other.polls
        return same and self.looks[-1][0] < other.looks[0][0]


@dataclass(slots=True)
class _Figures:
    """Counts while it plays, for progress and for the last line."""

    stories: Sequence[_Story]
    played: int = 0  # looks at the page so far
    messages: Counter[str] = field(default_factory=Counter)  # by place: channel, thread, edit
    incidents: set[str] = field(default_factory=set)  # their keys

    @property
    def looks(self) -> int:
        return sum(len(story.looks) for story in self.stories)

    def counting(self, looks: Iterable[Observation]) -> Iterator[Observation]:
        for look in looks:
            self.played += 1
            yield look

    def line(self) -> str:
        first = min(story.looks[0][0] for story in self.stories)
        last = max(story.looks[-1][0] for story in self.stories)
        told, about = self.messages.total(), len(self.incidents)
        places = ", ".join(f"{self.messages[place]} {words}" for place, words in PLACES.items())
        return (
            f"{told} message{'s' * (told != 1)} ({places}) "
            f"about {about} incident{'s' * (about != 1)}, "
            f"from {self.looks} look{'s' * (self.looks != 1)} at the page, "
            f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
        )


def replay(
    paths: Sequence[Path],
    surfaces: str,
    severity: str,
    out: TextIO,
    *,
    as_json: bool,
    provider: str | None = None,
) -> None:
    """Write every message, in order, and at the end a line of figures (with JSON: to stderr).

    `surfaces`: separated by commas; empty for all. `provider`: whose page it is, where the
    recordings do not tell. Recordings of one page that follow each other are one history; several
    pages are told as time went.

    Raises:
        BotError: a file cannot be read, is no recording, or nothing is recorded; names file and
            line.
        SettingsError: a word is no surface or no severity.
    """
    stories, catalog = _read(paths, load_catalog(), provider)
    wanted = [word for word in surfaces.split(",") if word.strip()]
    everything = Subscription(
        Channel("replay", "local", "channel"),
        severity=severity_named(severity),
        surfaces=frozenset(surfaces_named(wanted, catalog)),
    )
    figures = _Figures(stories)
    told = [replayed(figures.counting(story.looks), catalog, everything) for story in stories]
    # On the terminal that shows the messages, they show how far it is.
    says = (
        nullcontext()
        if out.isatty()
        else progress(
            sys.stderr, lambda: f"Playing: {figures.played} of {figures.looks} looks at the page"
        )
    )
    with says:
        for message in merge(*told, key=lambda message: message.at):
            figures.messages[message.place] += 1
            figures.incidents.add(message.incident.key)
            if as_json:
                write_json(out, replay_line(message, catalog))
                continue
            look = look_of(out, message.at)
            if message.root:
                draw = terminal.revised if message.place == "edit" else terminal.root
                shown = draw(message.card, look)
            else:
                of, in_channel = name_of(message.incident), message.place == "channel"
                shown = terminal.reply(message.card, look, of=of, in_channel=in_channel)
            out.write(f"{message.at:%Y-%m-%d} {shown}")
    out.flush()
    write_line(sys.stderr if as_json else out, figures.line())


def _read(
    paths: Sequence[Path], catalog: Catalog, provider: str | None
) -> tuple[list[_Story], Catalog]:
    """The histories, joined where one goes on in another file, and a catalog that knows them.

    Raises:
        BotError: a file cannot be read, or there is nothing in any of them.
    """
    read: list[_Story] = []
    looks: list[Observation] = []
    with progress(
        sys.stderr,
        lambda: f"Reading {paths[min(len(read), len(paths) - 1)]}: {len(looks)} looks so far",
    ):
        for path in paths:
            found = open_recording(path, catalog, provider)
            looks = []
            for look in found.observations:
                looks.append(look)
            read.append(_Story(found.provider, looks, found.polls, found.watched))
    stories: list[_Story] = []
    for story in sorted((s for s in read if s.looks), key=lambda s: s.looks[0][0]):
        before = next((known for known in stories if known.goes_on_in(story)), None)
        if before is not None:
            before.looks += story.looks
            continue
        stories.append(story)
        if story.watched or story.provider not in catalog.providers:
            watched = story.watched or generic(story.provider)
            catalog = Catalog({**catalog.providers, story.provider: watched})
    if not stories:
        raise BotError(f"{', '.join(map(str, paths))}: nothing is recorded in it")
    for story in stories:
        seen = [look for _, look in story.looks if isinstance(look, Snapshot)]
        names = {row.id: row.name for look in seen for row in look.components}
        catalog = catalog.seen(story.provider, names)
    return stories, catalog
