"""Words of the command line, read: surfaces, severities, lengths of time.

All raise `SettingsError` with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from bot.catalog import Catalog
from bot.commands.vocabulary import SEVERITIES
from bot.errors import SettingsError
from bot.model import Severity
from bot.wording.names import find

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def surfaces_named(words: Iterable[str], catalog: Catalog) -> list[str]:
    """Surface ids for what was typed; a provider's name means all of its surfaces."""
    named: list[str] = []
    for word in words:
        found = find(catalog, word)
        if found.provider:
            named += [s.id for s in catalog.surfaces() if s.provider == found.provider]
        elif len(found.surfaces) == 1:
            named += found.surfaces
        elif found.surfaces:
            raise SettingsError(f"{word!r} may mean {', '.join(found.surfaces)}: say which")
        else:
            known = ", ".join(surface.id for surface in catalog.surfaces())
            hint = f"did you mean {found.close}?" if found.close else f"there are {known}"
            raise SettingsError(f"{word!r} is no surface; {hint}")
    return named


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
