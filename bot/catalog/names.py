"""What a typed word means: surfaces, providers, models, severities, lengths of time.

For chats, the command line and the HTTP API alike. And names as sentences speak them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.catalog.catalog import Catalog, Surface
from bot.domain.page import Severity


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MOST_CHOICES = 25  # the least that a chat platform takes for autocompletion
LONGEST_NAME = 4  # words in the longest name that people type

SEVERITIES = {
    "degraded": Severity.DEGRADED,
    "minor": Severity.DEGRADED,
    "partial": Severity.PARTIAL,
    "major": Severity.MAJOR,
    "critical": Severity.MAJOR,
    "maintenance": Severity.MAINTENANCE,
    "all": Severity.UP,
}
# Words that only make a sentence of it: "is the api down?"
FILLER = _set(
    """
    a about again an and any are at bit broken by can channel currently do does doing down
    error errors everyone failing for from going happening has have here how i in is it just
    me my no not now of off ok okay on only or outage outages over please problem problems
    really right seem seems severity since slow so some still the there this to today up use
    using very was what when why will with work working you
    """
)
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_LENGTH = re.compile(
    r"(\d{1,4})(w|d|h|m)(?:(?<=w)(?:ee)?ks?|(?<=d)ays?|(?<=h)(?:ou)?rs?|(?<=m)in(?:ute)?s?)?"
)


def length_of(word: str) -> timedelta | None:
    """Read "2h", "30m", "7d", "1h30m". None: it is no length of time, or an empty one."""
    if not re.fullmatch(rf"(?:{_LENGTH.pattern})+", word):
        return None
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _LENGTH.findall(word))
    return timedelta(seconds=seconds) if seconds else None


@dataclass(frozen=True, slots=True)
class NameMatch:
    """What a word may mean: a provider as a whole, one surface, several (ask back), or none."""

    provider: str | None = None
    surfaces: tuple[str, ...] = ()
    close: str = ""  # the nearest surface, where none is meant


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A word that may mean several surfaces (`meanings`), or none (then `close` may help)."""

    word: str
    meanings: tuple[str, ...] = ()
    close: str = ""


def find(catalog: Catalog, word: str) -> NameMatch:
    """Total: any text has an answer. A provider's name means all of it ("is claude down")."""
    folded = word.strip().casefold()
    for provider in catalog.providers.values():
        if folded in {provider.id.casefold(), provider.label.casefold()}:
            return NameMatch(provider=provider.id)
    match = catalog.resolve(word)
    if match.exact:
        return NameMatch(surfaces=(match.exact,))
    if model := _model_in(catalog, folded):
        return NameMatch(surfaces=(model,))
    return NameMatch(surfaces=match.candidates, close=match.nearest or "")


def _model_in(catalog: Catalog, word: str) -> str | None:
    """The model in an API's name of it: "claude-opus-4-6-20260201", "claude-3-5-sonnet"."""
    parts = [part for part in re.split(r"[-._]+", word) if part]
    if not any(part[0].isdigit() for part in parts):
        return None
    models = {surface.id for surface in catalog.surfaces() if surface.model} & set(parts)
    return models.pop() if len(models) == 1 else None


def of_provider(catalog: Catalog, provider: str) -> list[str]:
    return [surface.id for surface in catalog.provider(provider).surfaces]


def provider_of(catalog: Catalog, surface: str) -> str:
    known = catalog.surface(surface)
    return known.provider if known else surface.partition("/")[0]


def is_model(catalog: Catalog, surface: str) -> bool:
    known = catalog.surface(surface)
    return known is not None and known.model


def suggest(catalog: Catalog, prefix: str) -> list[Surface]:
    """Choices for somebody who is typing; what begins so comes before what contains it."""
    wanted = prefix.strip().casefold()
    ranked: list[tuple[int, int, Surface]] = []
    for index, surface in enumerate(catalog.surfaces()):
        spoken = [word.casefold() for word in (surface.id, surface.label, *surface.aliases)]
        if any(word.startswith(wanted) for word in spoken):
            ranked.append((0, index, surface))
        elif any(wanted in word for word in spoken):
            ranked.append((1, index, surface))
    return [surface for *_, surface in sorted(ranked, key=lambda r: r[:2])][:_MOST_CHOICES]


# Labels that want an article inside a sentence: "the API works", yet "Claude Code works".
_WITH_ARTICLE = frozenset({"api", "console", "mobile"})


def spoken(catalog: Catalog, surface: str) -> str:
    label = catalog.label(surface)
    return f"the {label}" if surface in _WITH_ARTICLE else label


def spoken_list(words: Sequence[str], last: str = "and") -> str:
    """Join as people do: "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
