"""`uptime`: figures in a shell, from what is stored, from one look, or from a page's calendar."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from adapters.cli.output import write_json
from adapters.cli.past import past_now
from adapters.terminal import render as terminal
from adapters.terminal.look import look_of
from bot.catalog.catalog import Catalog
from bot.catalog.names import of_provider
from bot.commands.parser import parse
from bot.commands.queries import USUAL_UPTIME
from bot.commands.table import command_named
from bot.commands.types import ParsedCommand
from bot.domain.errors import WrongWords
from bot.history.calendar import calendar_days, calendar_uptime
from bot.messages.uptime import calendar_message, uptime_message
from bot.ports import Clock
from bot.settings import Settings
from bot.status.uptime_document import calendar_document, uptime_document


async def uptime(
    settings: Settings, words: Sequence[str], clock: Clock, out: TextIO, *, as_json: bool
) -> None:
    """Print the figures of the surfaces and the window that the words name.

    Raises:
        WrongWords: a word means nothing here.
    """
    past, failures = await past_now(settings, clock)
    for failure in failures:
        sys.stderr.write(f"isclaudedown: {failure}\n")
    catalog = await past.learn()
    parsed = _read(words, catalog)
    asked = list(parsed.asked)
    for provider in parsed.providers:
        asked += of_provider(catalog, provider)
    report = await past.uptime(asked, parsed.length or USUAL_UPTIME)
    if as_json:
        write_json(out, uptime_document(report, parsed.target).model_dump_json())
        return
    message = uptime_message(report, catalog, target=parsed.target)
    out.write(terminal.root(message, look_of(out, clock())))


def calendar(file: Path, words: Sequence[str], clock: Clock, out: TextIO, *, as_json: bool) -> None:
    """Print the figures of a page's own calendar, whole or of its last days.

    Raises:
        WrongWords: the file is no calendar, or a word means nothing here.
    """
    parsed = _read(words, Catalog())
    days = round(parsed.length / timedelta(days=1)) if parsed.length else None
    try:
        with file.open(encoding="utf-8") as lines:
            found = calendar_uptime(calendar_days(lines), days)
    except OSError as error:
        raise WrongWords(f"{file} cannot be read: {error.strerror}") from None
    if as_json:
        write_json(out, calendar_document(found, parsed.target).model_dump_json())
        return
    message = calendar_message(found, target=parsed.target)
    out.write(terminal.root(message, look_of(out, clock())))


def _read(words: Sequence[str], catalog: Catalog) -> ParsedCommand:
    parsed = parse(f"uptime {' '.join(words)}", catalog)
    wrong = [doubt.word for doubt in parsed.doubts] or command_named("uptime").unexpected(parsed)
    if wrong:
        known = ", ".join(surface.id for surface in catalog.surfaces())
        raise WrongWords(
            f"{wrong[0]!r} means nothing to uptime; write surfaces ({known or 'none here'}), "
            "a length as in 90d, and a target as in slo 99.9"
        )
    return parsed
