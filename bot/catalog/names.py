"""Meanings of typed words: surfaces, providers, versions of models, severities, lengths of time.

For chats, the command line and the HTTP API alike. Exact names alone mean something by
themselves; what is only like a name is offered back ("did you mean"), never taken. And names as
sentences speak them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.catalog.catalog import Catalog, simple
from bot.catalog.providers import Provider, Surface
from bot.domain.page import Severity

LONGEST_NAME = 4  # words in the longest name that people type
SHORTEST_BEGINNING = 4  # letters that are taken for the beginning of a name
# How alike a mistyped word must be to be taken for a name (difflib's ratio): a guess.
LIKENESS = 0.7
_MOST_CHOICES = 25  # the least that a chat platform takes for autocompletion

SEVERITIES = {
    "degraded": Severity.DEGRADED,
    "minor": Severity.DEGRADED,
    "partial": Severity.PARTIAL,
    "major": Severity.MAJOR,
    "critical": Severity.MAJOR,
    "maintenance": Severity.MAINTENANCE,
    "all": Severity.UP,
}
# Words that only make a sentence of it ("is the api down?"). In a question they mean nothing
# else, even where a provider's surface is called so (issues, pages).
_FILLER = """
    a about again also already an and any anybody anyone anything are at back bad be been being
    bit broken but by can channel could currently dead did do does doing doesnt dont down else
    error errors ever every everybody everyone experiencing fail failing fails fine fixed for from
    get getting give gives go going gone good got had happen happened happening happens has have
    having hello help here hey hi how i if im in into is isnt issue issues it its just know last
    long longer look me might more much my need no not now of off ok okay on only or our out
    outage outages over people please problem problems really right same see seem seems server
    servers service services severity should since slow so some somebody someone something still
    tell than thank thanks that the them then there these they thing things this those till to
    today too trouble unavailable until up us use using very wait was we well were what whats when
    where which while who whole whos why will with wont work working works would wrong yet you
    your
    """
FILLER = frozenset(_FILLER.split())
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


def share_of(word: str) -> float | None:
    """Read "99.9" or "99.9%" as a share of one. None: it is no percentage between 0 and 100."""
    if not re.fullmatch(r"\d{1,2}(?:\.\d{1,5})?%?", word):
        return None
    return round(float(word.rstrip("%")) / 100, 9) or None


@dataclass(frozen=True, slots=True)
class NameMatch:
    """The meaning of a name. At most one of `provider`, `surfaces` and `close` is set."""

    # A provider as a whole.
    provider: str | None = None
    # One surface; several where the name is theirs alike (ask back).
    surfaces: tuple[str, ...] = ()
    # Of a model: "4.6".
    version: str = ""
    # None is meant; these begin so, or are written almost so.
    close: tuple[str, ...] = ()

    @property
    def exact(self) -> str | None:
        return self.surfaces[0] if len(self.surfaces) == 1 else None


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A word that may mean several surfaces (`meanings`), or none (then `close` may help)."""

    word: str
    meanings: tuple[str, ...] = ()
    close: str = ""
    unwatched: Provider | None = None  # it is this one, which is not switched on


def find(catalog: Catalog, typed: str) -> NameMatch:
    """Total: any text has an answer. A provider's name means all of it ("is claude down").

    Of several providers' names the default one's own wins, since its surfaces are the plain ones.
    """
    wanted = simple(typed)
    if not wanted:
        return NameMatch()
    for provider in catalog.providers.values():
        if wanted in {simple(provider.id), simple(provider.label)}:
            return NameMatch(provider=provider.id)
    if found := catalog.names.get(wanted):
        return NameMatch(surfaces=found)
    if model := _model_in(catalog, wanted):
        return model
    return NameMatch(close=tuple(dict.fromkeys(_like(catalog, wanted))))


def longest_name(catalog: Catalog, words: Sequence[str]) -> tuple[NameMatch, int]:
    """Return the meaning of the first words together, and how many; else names like the first."""
    for count in range(min(LONGEST_NAME, len(words)), 0, -1):
        found = find(catalog, " ".join(words[:count]))
        last, unit = words[count - 1].casefold(), "".join(words[count : count + 1]).casefold()
        # A number belongs to a model's name as its version, unless it is a length: "opus 7d".
        version = count > 1 and found.version and last[0].isdigit()
        if version and (length_of(last) or length_of(last + unit)):
            continue
        if found.provider or found.surfaces:
            return found, count
    first = find(catalog, words[0])
    return NameMatch(close=first.close), 1


def unwatched(catalog: Catalog, words: Sequence[str]) -> tuple[Provider | None, int]:
    """The provider that the first words name by its own or a surface's label, not switched on.

    And how many words that is.
    """
    for count in range(min(LONGEST_NAME, len(words)), 0, -1):
        wanted = simple(" ".join(words[:count]))
        for provider in catalog.unwatched:
            labels = (provider.id, provider.label, *(s.label for s in provider.surfaces))
            if wanted in map(simple, labels):
                return provider, count
    return None, 1


def _model_in(catalog: Catalog, wanted: str) -> NameMatch | None:
    """A model with its version: "opus 4.6", "claude-opus-4-6-20260201", "claude-3-5-sonnet"."""
    models = {surface.id: surface for surface in catalog.surfaces() if surface.model}
    parts = re.split(r"[\s._-]+", re.sub(r"(?<=[a-z])(?=\d)", " ", wanted))
    named = models.keys() & set(parts)
    rest = [part for part in parts if part not in named and not part.removeprefix("v").isdigit()]
    labels = {simple(catalog.provider(models[name].provider).label) for name in named}
    if len(named) != 1 or not set(rest) <= {"", "v", *labels}:
        return None
    numbers = [part.removeprefix("v") for part in parts if part.removeprefix("v").isdigit()]
    numbers = [number for number in numbers if len(number) <= 2]  # what is longer is a date
    return NameMatch(surfaces=(named.pop(),), version=".".join(numbers[:2]))


def _like(catalog: Catalog, wanted: str) -> Iterator[str]:
    """Surfaces whose id or label begins so, else the one with the most similar name."""
    begun = [
        surface.id
        for surface in catalog.surfaces()
        if len(wanted) >= SHORTEST_BEGINNING
        and any(simple(name).startswith(wanted) for name in (surface.id, surface.label))
    ]
    yield from begun
    if not begun and len(wanted) >= SHORTEST_BEGINNING - 1:
        near = difflib.get_close_matches(wanted, catalog.names, n=1, cutoff=LIKENESS)
        yield from (catalog.names[name][0] for name in near)


def model_of(catalog: Catalog, typed: str) -> str | None:
    """The surface of a model by the name that an API gives it, with whatever is around it."""
    parts = set(re.split(r"[\s/._-]+", typed.lower()))
    return next((s.id for s in catalog.surfaces() if s.model and s.id in parts), None)


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
        spoken_as = [word.casefold() for word in (surface.id, surface.label, *surface.aliases)]
        if any(word.startswith(wanted) for word in spoken_as):
            ranked.append((0, index, surface))
        elif any(wanted in word for word in spoken_as):
            ranked.append((1, index, surface))
    return [surface for *_, surface in sorted(ranked, key=lambda r: r[:2])][:_MOST_CHOICES]


# --- as sentences speak them ---------------------------------------------------------------------


def spoken(catalog: Catalog, surface: str) -> str:
    """The label, with an article where one belongs: "the API works", yet "Claude Code works"."""
    known = catalog.surface(surface)
    label = catalog.label(surface)
    return f"the {label}" if known and known.article else label


def spoken_list(words: Sequence[str], last: str = "and") -> str:
    """Join as people do: "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def begin(sentence: str) -> str:
    """A capital in front, but not on a name that has none (claude.ai)."""
    return sentence[0].upper() + sentence[1:] if sentence.startswith("the ") else sentence
