"""`replay`: what one channel would have got from recorded history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import TextIO

from adapters.cli.words import severity_named, surfaces_named
from adapters.providers.recording import Observation, open_recording
from adapters.terminal import render as terminal
from bot.catalog.catalog import Catalog, generic, load_catalog
from bot.catalog.providers import Provider
from bot.domain.page import Snapshot
from bot.domain.subscription import Channel, Subscription
from bot.messages.state import name_of
from bot.replay import ReplayedMessage, replayed
from bot.replay import as_json as replay_line

WIDTH = 100


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


def replay(
    paths: Sequence[Path],
    surfaces: str,
    severity: str,
    out: TextIO,
    *,
    as_json: bool,
    provider: str | None = None,
) -> None:
    """Write every message, in order. `surfaces`: separated by commas; empty for all.

    `provider`: whose page it is, where the recordings do not tell.

    Recordings of one page that follow each other are one history; several pages are told as
    time went.

    Raises:
        BotError: a file cannot be read, or is no recording; names file and line.
        SettingsError: a word is no surface or no severity.
    """
    catalog = load_catalog()
    stories = _stories(paths, catalog, provider)
    for story in stories:
        if story.watched:
            catalog = Catalog({**catalog.providers, story.provider: story.watched})
        seen = [look for _, look in story.looks if isinstance(look, Snapshot)]
        names = {row.id: row.name for look in seen for row in look.components}
        catalog = _with_provider(catalog, story.provider).seen(story.provider, names)
    wanted = [word for word in surfaces.split(",") if word.strip()]
    everything = Subscription(
        Channel("replay", "local", "channel"),
        severity=severity_named(severity),
        surfaces=frozenset(surfaces_named(wanted, catalog)),
    )
    told = [replayed(story.looks, catalog, everything) for story in stories]
    for message in merge(*told, key=lambda message: message.at):
        if as_json:
            out.write(json.dumps(replay_line(message, catalog), ensure_ascii=False) + "\n")
        else:
            out.write(_drawn(message, terminal.Look(WIDTH, out.isatty(), message.at)))


def _stories(paths: Sequence[Path], catalog: Catalog, provider: str | None) -> list[_Story]:
    stories: list[_Story] = []
    recordings = [open_recording(path, catalog, provider) for path in paths]
    read = [_Story(r.provider, list(r.observations), r.polls, r.watched) for r in recordings]
    for story in sorted((s for s in read if s.looks), key=lambda s: s.looks[0][0]):
        before = next((known for known in stories if known.goes_on_in(story)), None)
        if before is None:
            stories.append(story)
        else:
            before.looks += story.looks
    return stories


def _drawn(message: ReplayedMessage, look: terminal.Look) -> str:
    """As the terminal channel shows it, with the day before each."""
    if message.root:
        text = (terminal.revised if message.place == "edit" else terminal.root)(message.card, look)
    else:
        in_channel = message.place == "channel"
        text = terminal.reply(
            message.card, look, of=name_of(message.incident), in_channel=in_channel
        )
    return f"{message.at:%Y-%m-%d} {text}"


def _with_provider(catalog: Catalog, provider: str) -> Catalog:
    """The catalog, with a page of its own for a provider that it does not know."""
    if provider in catalog.providers:
        return catalog
    return Catalog({**catalog.providers, provider: generic(provider)})
