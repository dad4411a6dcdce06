"""`replay`: what one channel would have got from recorded history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

from adapters.operator.words import severity_named, surfaces_named
from adapters.pages.recorded import open_recording
from adapters.terminal import render as terminal
from bot.catalog import Catalog, generic, load_catalog
from bot.model import Channel, Snapshot, Subscription
from bot.replaying import Message, replayed
from bot.replaying import as_json as replay_line
from bot.wording.state import name_of

WIDTH = 100


def replay(path: Path, surfaces: str, severity: str, out: TextIO, *, as_json: bool) -> None:
    """Write every message, in order. `surfaces`: separated by commas; empty for all.

    Raises:
        BotError: the file cannot be read, or is no recording; names file and line.
        SettingsError: a word is no surface or no severity.
    """
    catalog = load_catalog()
    recording = open_recording(path, catalog)
    looks = list(recording.observations)
    names = {
        c.id: c.name for _, seen in looks if isinstance(seen, Snapshot) for c in seen.components
    }
    catalog = _with_provider(catalog, recording.provider).seen(recording.provider, names)
    wanted = [word for word in surfaces.split(",") if word.strip()]
    everything = Subscription(
        Channel("replay", "local", "channel"),
        severity=severity_named(severity),
        surfaces=frozenset(surfaces_named(wanted, catalog)),
    )
    for message in replayed(looks, catalog, everything):
        if as_json:
            out.write(json.dumps(replay_line(message, catalog), ensure_ascii=False) + "\n")
        else:
            out.write(_drawn(message, terminal.Look(WIDTH, out.isatty(), message.at)))


def _drawn(message: Message, look: terminal.Look) -> str:
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
