"""`ask`: the answer in a shell, for people and scripts."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TextIO

import structlog

from adapters.cli.states import StoredStates, fresh_for, stored_states
from adapters.cli.words import surfaces_named
from adapters.providers.opened import page_sources
from adapters.terminal import render as terminal
from bot.catalog.catalog import Catalog
from bot.catalog.watched import watched_catalog
from bot.domain.errors import SourceError
from bot.domain.evidence import Verdict
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.engine.step import on_failure, step
from bot.messages.answer import answer_message
from bot.ports import Clock
from bot.settings import Settings
from bot.status.advice import Do, advise, outlook
from bot.status.document import document, exit_code
from bot.status.verdict import verdicts
from bot.status.view import ProviderStatus, provider_status

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CurrentStatus:
    """One answer: what is known of every provider, and the verdicts that were asked for."""

    now: datetime
    catalog: Catalog
    asked: Sequence[str]
    provider_statuses: Sequence[ProviderStatus]
    trouble: Mapping[str, str] = field(default_factory=dict)  # why a provider could not be read

    @property
    def judged(self) -> list[Verdict]:
        asked = self.asked
        every = [v for p in self.provider_statuses for v in p.verdicts or self._unknown(p.provider)]
        return [verdict for verdict in every if not asked or verdict.surface in asked]

    def _unknown(self, provider: str) -> list[Verdict]:
        """Of a page that was never read."""
        return [
            Verdict(surface.id, Severity.UNKNOWN, since=None, checked_at=None)
            for surface in self.catalog.surfaces()
            if surface.provider == provider
        ]

    @property
    def reasons(self) -> dict[str, str]:
        """Why nothing is known, by surface."""
        surfaces = [s for s in self.catalog.surfaces() if s.provider in self.trouble]
        return {surface.id: self.trouble[surface.provider] for surface in surfaces}

    @property
    def incidents(self) -> list[Incident]:
        return [
            incident
            for provider_status in self.provider_statuses
            for incident in provider_status.incidents
        ]


async def ask(
    settings: Settings, words: Sequence[str], clock: Clock, out: TextIO, *, as_json: bool
) -> int:
    """Answer once, from a running instance's store if that is fresh, else by one look.

    Returns the exit code (see `bot.asking`).

    Raises:
        SettingsError: a word is no surface.
    """
    return _tell(await _find(settings, words, clock), out, as_json=as_json)


async def wait(
    settings: Settings,
    words: Sequence[str],
    clock: Clock,
    out: TextIO,
    rng: random.Random,
    *,
    as_json: bool,
    at_most: timedelta | None,
) -> int:
    """Answer when all that was asked for may be retried, or as things are after `at_most`.

    Returns the exit code.

    Raises:
        SettingsError: a word is no surface.
    """
    began = clock()
    while True:
        found = await _find(settings, words, clock)
        advised = [
            advise(v, outlook(v.surface, found.incidents), {}, found.now, rng.random())
            for v in found.judged
        ]
        waited = clock() - began
        if all(a.do is Do.NOW for a in advised) or (at_most is not None and waited >= at_most):
            return _tell(found, out, as_json=as_json)
        # As often as the page is polled, and not in step with everybody else who waits.
        pause = timedelta(seconds=settings.poll_seconds * rng.uniform(1, 1.5))
        if at_most is not None:
            pause = min(pause, at_most - waited)
        log.info("ask.waiting", seconds=round(pause.total_seconds()))
        await asyncio.sleep(max(0.0, pause.total_seconds()))


def _tell(found: CurrentStatus, out: TextIO, *, as_json: bool) -> int:
    judged, now = found.judged, found.now
    for reason in found.trouble.values():
        sys.stderr.write(f"isclaudedown: {reason}\n")
    if as_json:
        said = document(judged, found.incidents, now, found.reasons)
        out.write(json.dumps(said, ensure_ascii=False) + "\n")
    else:
        card = answer_message(found.provider_statuses, now, found.catalog, asked=found.asked)
        out.write(terminal.root(card, _look(out, now)))
    return exit_code(judged)


async def _find(settings: Settings, words: Sequence[str], clock: Clock) -> CurrentStatus:
    catalog = watched_catalog(settings)
    known, trouble = await _known(settings, catalog, clock)
    now = clock()
    for state in known.states.values():
        names = {id_: component.name for id_, component in state.components.items()}
        catalog = catalog.seen(state.provider, names)
    provider_statuses = [
        provider_status(
            name, state, tuple(verdicts(state, catalog, now, known.others)) if state else ()
        )
        for name in catalog.providers
        for state in [known.states.get(name)]
    ]
    return CurrentStatus(now, catalog, surfaces_named(words, catalog), provider_statuses, trouble)


async def _known(
    settings: Settings, catalog: Catalog, clock: Clock
) -> tuple[StoredStates, Mapping[str, str]]:
    """What is known of each provider, looking ourselves where nobody keeps it fresh; and why
    that failed where it did.
    """
    trouble: dict[str, str] = {}
    known = await stored_states(settings, catalog, clock())
    states = known.states
    async with page_sources(catalog, clock) as pages:
        for name, page in pages.items():
            before = states.get(name)
            if before and clock() - before.observed_at < fresh_for(settings):
                continue
            try:
                # What has ended is no part of the answer: the summary suffices.
                snapshot = await page.poll(lambda _: ())
            except SourceError as error:
                trouble[name] = str(error)
                if before:
                    states[name] = on_failure(before, str(error), clock())
            else:
                states[name], _ = step(None, snapshot, clock(), catalog)
    return known, trouble


def _look(out: TextIO, now: datetime) -> terminal.Look:
    width = shutil.get_terminal_size((100, 24)).columns
    return terminal.Look(width, out.isatty(), now.astimezone())
