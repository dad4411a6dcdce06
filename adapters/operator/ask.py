"""`ask`: the answer in a shell, for people and scripts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

import structlog

from adapters.operator.states import fresh_for, stored_states
from adapters.operator.words import surfaces_named
from adapters.pages.opened import page_sources
from adapters.terminal import render as terminal
from bot.asking import document, exit_code
from bot.catalog import Catalog
from bot.engine.state import State
from bot.engine.step import on_failure, step
from bot.engine.verdict import verdicts
from bot.errors import SourceError
from bot.ports import Clock
from bot.settings import Settings
from bot.watched import watched
from bot.wording.answer import answer_card
from bot.wording.present import present

log = structlog.get_logger()


async def ask(
    settings: Settings, words: Sequence[str], clock: Clock, out: TextIO, *, as_json: bool
) -> int:
    """Answer once, from a running instance's store if that is fresh, else by one look.

    Returns the exit code (see `bot.asking`).

    Raises:
        SettingsError: a word is no surface.
    """
    catalog = watched(settings)
    states = await _known_states(settings, catalog, clock)
    now = clock()
    for state in states.values():
        names = {id_: component.name for id_, component in state.components.items()}
        catalog = catalog.seen(state.provider, names)
    asked = surfaces_named(words, catalog)
    presents = [
        present(name, state, tuple(verdicts(state, catalog, now)) if state else ())
        for name in catalog.providers
        for state in [states.get(name)]
    ]
    judged = [v for one in presents for v in one.verdicts if not asked or v.surface in asked]
    if as_json:
        incidents = [i for one in presents for i in one.incidents]
        out.write(json.dumps(document(judged, incidents, now), ensure_ascii=False) + "\n")
    else:
        card = answer_card(presents, now, catalog, asked=asked)
        out.write(terminal.root(card, _look(out, now)))
    return exit_code(judged)


async def _known_states(settings: Settings, catalog: Catalog, clock: Clock) -> dict[str, State]:
    """What is known of each provider, looking ourselves where nobody keeps it fresh."""
    states = await stored_states(settings, catalog)
    async with page_sources(catalog, clock) as pages:
        for name, page in pages.items():
            stored = states.get(name)
            if stored and clock() - stored.observed_at < fresh_for(settings):
                continue
            try:
                snapshot = await page.observe(None)
            except SourceError as error:
                log.warning("page.failed", provider=name, reason=str(error))
                if stored:
                    states[name] = on_failure(stored, str(error), clock())
            else:
                states[name], _ = step(None, snapshot, clock(), catalog)
    return states


def _look(out: TextIO, now: datetime) -> terminal.Look:
    width = shutil.get_terminal_size((100, 24)).columns
    return terminal.Look(width, out.isatty(), now.astimezone())
