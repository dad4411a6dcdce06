"""`ask`: the answer in a shell, for people and scripts."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TextIO

from adapters.cli.current import pages_now
from adapters.cli.output import write_json, write_line
from adapters.cli.words import question
from adapters.terminal import render as terminal
from adapters.terminal.look import look_of
from bot.messages.answer import answer_message
from bot.messages.durations import duration
from bot.ports import Clock
from bot.settings import Settings
from bot.status.advice import Do, advice_on
from bot.status.document import document
from bot.status.view import StatusView


async def ask(
    settings: Settings,
    words: Sequence[str],
    clock: Clock,
    out: TextIO,
    rng: random.Random,
    *,
    as_json: bool,
) -> int:
    """Answer once, from a running instance's store if that is fresh, else by one look.

    Returns the exit code (see `bot.status.document`).

    Raises:
        WrongWords: a word is no surface.
    """
    view, asked = await view_and_surfaces(settings, words, clock)
    return _tell(view, asked, out, rng, as_json=as_json)


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

    Meanwhile says on standard error what it waits for, whenever that changes.

    Returns the exit code.

    Raises:
        WrongWords: a word is no surface.
    """
    began, said = clock(), ""
    while True:
        view, asked = await view_and_surfaces(settings, words, clock)
        about = [v for v in view.verdicts if not asked or v.surface in asked]
        advised = [advice_on(v, view, rng.random()) for v in about]
        waited = clock() - began
        if all(a.do is Do.NOW for a in advised) or (at_most is not None and waited >= at_most):
            return _tell(view, asked, out, rng, as_json=as_json)
        # As often as the page is polled, and not in step with everybody else who waits.
        pause = timedelta(seconds=settings.poll_seconds * rng.uniform(1, 1.5))
        if at_most is not None:
            pause = min(pause, at_most - waited)
        bad = (f"{view.catalog.label(v.surface)}: {v.severity.words}" for v in about if not v.is_up)
        waiting = ", ".join(bad) or "not every page can be read"
        if waiting != said:
            first = "Ctrl-C ends it; " if not said else ""
            how_long = f", {duration(at_most - waited)} at most" if at_most is not None else ""
            every = f"looking about every {settings.poll_seconds:g} s{how_long}"
            write_line(sys.stderr, f"isclaudedown: waiting: {waiting} ({first}{every})")
            said = waiting
        await asyncio.sleep(max(0.0, pause.total_seconds()))


def _tell(
    view: StatusView, asked: Sequence[str], out: TextIO, rng: random.Random, *, as_json: bool
) -> int:
    said = document(view, asked, rng.random())
    for one in view.providers:
        if one.failure:
            write_line(sys.stderr, f"isclaudedown: {one.failure}")
    if as_json:
        write_json(out, said.model_dump_json())
    else:
        out.write(terminal.root(answer_message(view, asked=asked), look_of(out, view.at)))
    return said.exit_code


async def view_and_surfaces(
    settings: Settings, words: Sequence[str], clock: Clock
) -> tuple[StatusView, list[str]]:
    """Return the present view, and the surfaces that the words name."""
    pages = await pages_now(settings, clock)
    surfaces, versions = question(words, pages.view().catalog)
    return pages.view(versions), surfaces
