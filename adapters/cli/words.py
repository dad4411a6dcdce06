"""Words of the command line, read: surfaces, severities, lengths of time.

All raise an error with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from bot.catalog.catalog import Catalog
from bot.catalog.names import SEVERITIES, Ambiguous, of_provider
from bot.commands.parser import parse
from bot.commands.table import command_named
from bot.domain.errors import WrongWords
from bot.domain.page import Severity
from bot.messages.help import not_watched

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def question(words: Sequence[str], catalog: Catalog) -> tuple[list[str], dict[str, str]]:
    """Surface ids that a question is about, in the sentences that the chats take; none: all.

    And the versions of the models among them.

    Raises:
        WrongWords: a word is no surface, or no part of a question.
    """
    parsed = parse(" ".join(words), catalog)
    if parsed.verb not in {"ask", "justme"}:
        raise WrongWords(f"{parsed.verb!r} is a command of the chats; here only the question is")
    doubts = [
        d for d in parsed.doubts if d.close or d.meanings or d.unwatched or not parsed.is_sentence
    ]
    if doubts or (parsed.doubts and not parsed.asked):
        raise WrongWords(_unknown((doubts or parsed.doubts)[0], catalog))
    if unexpected := [] if parsed.is_sentence else command_named("ask").unexpected(parsed):
        raise WrongWords(f"{unexpected[0]!r} means nothing to a question")
    named = parsed.asked
    for provider in parsed.providers:
        named += of_provider(catalog, provider)
    return list(dict.fromkeys(named)), parsed.versions


def surfaces_named(words: Sequence[str], catalog: Catalog) -> list[str]:
    """Surface ids by their names alone; a provider's name means all of its surfaces.

    Raises:
        WrongWords: a word is no surface.
    """
    parsed = parse(f"subscribe {' '.join(words)}", catalog)
    if parsed.doubts:
        raise WrongWords(_unknown(parsed.doubts[0], catalog))
    named = parsed.asked
    for provider in parsed.providers:
        named += of_provider(catalog, provider)
    return list(dict.fromkeys(named))


def _unknown(doubt: Ambiguous, catalog: Catalog) -> str:
    if doubt.meanings:
        return f"{doubt.word!r} may mean {', '.join(doubt.meanings)}: say which"
    if doubt.unwatched:
        return not_watched(doubt.unwatched)
    known = ", ".join(surface.id for surface in catalog.surfaces())
    hint = f"did you mean {doubt.close}?" if doubt.close else f"there are {known}"
    return f"{doubt.word!r} is no surface; {hint}"


def severity_named(word: str) -> Severity:
    if word.lower() in SEVERITIES:
        return SEVERITIES[word.lower()]
    try:
        return Severity(word.lower())
    except ValueError:
        known = ", ".join([*SEVERITIES, "up"])
        raise WrongWords(f"--severity {word!r} is unknown; there are {known}") from None


def length_named(text: str) -> timedelta:
    """30s, 30m, 2h, 7d."""
    found = re.fullmatch(r"(\d{1,6})\s*([smhd])", text.strip().lower())
    if not found:
        raise WrongWords(f"{text!r} is not a length of time; write 30m, 2h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
