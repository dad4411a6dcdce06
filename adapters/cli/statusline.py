"""`statusline`: one line for Claude Code's status line or a prompt, empty while all is up.

    Claude: API partly down, retry in 15 min (page + 3 people)

A status line must not wait, so `--refresh` writes the line into a file, which a shell script
shows (`integrations/claude-code/statusline.sh`). First line of the file: when it was written, in
seconds since 1970; second line: the text.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Sequence
from pathlib import Path

from adapters.cli.ask import view_and_surfaces
from adapters.cli.instance import ask_instance
from adapters.terminal.clean import clean
from bot.catalog.catalog import Catalog
from bot.catalog.names import provider_of
from bot.catalog.watched import watched_catalog
from bot.domain.errors import SourceError
from bot.domain.page import Severity
from bot.evidence.sources import source_names
from bot.ports import Clock
from bot.settings import Settings
from bot.status.advice import Do
from bot.status.document import document
from bot.status.schema import Document, VerdictDocument

# What Claude Code needs.
SURFACES = ("code", "api")
MOST_NAMED = 3

WORDS = {
    Severity.MAJOR: "down",
    Severity.PARTIAL: "partly down",
    Severity.DEGRADED: "degraded",
    Severity.MAINTENANCE: "in maintenance",
    Severity.UNKNOWN: "unknown",
}
SUSPECTED = "perhaps down"


def cache_file() -> Path:
    """Return the file that `--refresh` leaves the line in, where the shell script looks for it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "isclaudedown" / "statusline"


async def current_line(settings: Settings, words: Sequence[str], clock: Clock) -> str:
    """Return the line, from the running instance that the settings name, else by our own poll.

    Raises:
        SettingsError: a word is no surface.
    """
    catalog = watched_catalog(settings)
    asked = [*words] or [surface for surface in SURFACES if catalog.surface(surface)]
    if settings.url is None:
        view, surfaces = await view_and_surfaces(settings, asked, clock)
        rng = random.Random()  # noqa: S311 (jitter, no secret)
        return status_line(document(view, surfaces, rng.random()), view.catalog)
    try:
        return status_line(await ask_instance(settings.url, asked), catalog)
    except SourceError:
        return "isclaudedown does not answer"


async def refresh(settings: Settings, words: Sequence[str], clock: Clock) -> None:
    """Write the line into the file, all at once. Raises what `current_line` does, and OSError."""
    line = clean(await current_line(settings, words, clock))
    file = cache_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    unfinished.write_text(f"{int(clock().timestamp())}\n{line}\n", encoding="utf-8")
    unfinished.replace(file)


def status_line(said: Document, catalog: Catalog) -> str:
    """Return what is wrong, worst first, how long to wait, and who says it; empty if nothing is."""
    wrong = [v for v in said.verdicts if v.suspected or v.severity is not Severity.UP]
    if not wrong:
        return ""
    by_word: dict[str, list[str]] = {}
    for verdict in sorted(wrong, key=lambda v: v.severity.rank, reverse=True):
        word = SUSPECTED if verdict.suspected else WORDS[verdict.severity]
        by_word.setdefault(word, []).append(catalog.label(verdict.surface))
    parts = [
        f"{', '.join(names) if len(names) <= MOST_NAMED else f'{len(names)} surfaces'} {word}"
        for word, names in by_word.items()
    ]
    wait = max((v.retry.wait for v in wrong if v.retry.do is not Do.NOW), default=None)
    if wait is not None:
        parts.append(f"retry in {max(1, round(wait.total_seconds() / 60))} min")
    providers = {provider_of(catalog, v.surface) for v in wrong}
    labels = [one.label for one in catalog.providers.values() if one.id in providers]
    who = f"{', '.join(labels)}: " if labels else ""
    sources = " + ".join(_sources(wrong))
    return f"{who}{', '.join(parts)}{f' ({sources})' if sources else ''}"


def _sources(wrong: Sequence[VerdictDocument]) -> list[str]:
    """Name the sources that say that something is wrong: the page, a probe, or how many people."""
    said = {
        piece.source: piece.says
        for verdict in wrong
        for piece in verdict.evidence
        if piece.severity.is_impaired
    }
    found = []
    for source in source_names():
        if source in said:
            people = re.match(r"\d+", said[source]) if source == "reports" else None
            several = "1 person" if people and int(people[0]) == 1 else "{} people"
            found.append(several.format(people[0]) if people else source)
    return found
