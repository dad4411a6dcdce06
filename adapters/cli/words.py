"""Words of the command line, read: surfaces, severities, lengths of time.

All raise `SettingsError` with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.catalog.catalog import Catalog
from bot.catalog.names import (
    FILLER,
    LONGEST_NAME,
    SEVERITIES,
    NameMatch,
    find,
    of_provider,
    provider_of,
)
from bot.domain.errors import SettingsError
from bot.domain.page import Severity

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def surfaces_named(words: Iterable[str], catalog: Catalog) -> list[str]:
    """Surface ids for what was typed, as in the chats: a name may be of several words, and a
    provider's name means all of its surfaces unless it introduces one ("claude code").
    """
    tokens = [token for word in words for token in word.split()]
    named: list[str] = []
    providers: list[str] = []
    while tokens:
        found, count = _longest_name(tokens, catalog)
        if found.provider:
            providers.append(found.provider)
        elif len(found.surfaces) == 1:
            named += found.surfaces
        elif found.surfaces:
            raise SettingsError(f"{tokens[0]!r} may mean {', '.join(found.surfaces)}: say which")
        elif tokens[0].casefold() not in FILLER:
            known = ", ".join(surface.id for surface in catalog.surfaces())
            hint = f"did you mean {found.close}?" if found.close else f"there are {known}"
            raise SettingsError(f"{tokens[0]!r} is no surface; {hint}")
        tokens = tokens[count:]
    introduced = {provider_of(catalog, surface) for surface in named}
    for provider in providers:
        if provider not in introduced:
            named += of_provider(catalog, provider)
    return list(dict.fromkeys(named))


def _longest_name(tokens: Sequence[str], catalog: Catalog) -> tuple[NameMatch, int]:
    """What the first words mean together, and how many they are; else what the first may mean."""
    for count in range(min(LONGEST_NAME, len(tokens)), 0, -1):
        found = find(catalog, " ".join(tokens[:count]))
        if found.provider or len(found.surfaces) == 1:
            return found, count
    return found, 1


def severity_named(word: str) -> Severity:
    if word.lower() in SEVERITIES:
        return SEVERITIES[word.lower()]
    try:
        return Severity(word.lower())
    except ValueError:
        known = ", ".join([*SEVERITIES, "up"])
        raise SettingsError(f"--severity {word!r} is unknown; there are {known}") from None


def length_named(text: str) -> timedelta:
    """30s, 30m, 2h, 7d."""
    found = re.fullmatch(r"(\d{1,6})\s*([smhd])", text.strip().lower())
    if not found:
        raise SettingsError(f"{text!r} is not a length of time; write 30m, 2h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
