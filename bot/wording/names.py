"""How surfaces and providers are called, in which order, and what a person may type for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

_SHORTEST_PREFIX = 3  # "con" may stand for console; "c" stands for too much to guess


@dataclass(frozen=True, slots=True)
class Name:
    """One surface as people see it. `aliases` are what they also type for it."""

    id: str
    label: str
    provider: str = "claude"
    aliases: tuple[str, ...] = ()
    model: bool = False


@dataclass(frozen=True, slots=True)
class ProviderName:
    id: str
    label: str
    page: str = ""  # the address of its status page, for people


@dataclass(frozen=True, slots=True)
class Found:
    """What a word may mean. Exactly one: it is that; several: ask back; none: see `close`."""

    surfaces: tuple[str, ...] = ()
    provider: str | None = None  # the word names a whole provider
    exact: bool = False  # not only the beginning of it
    close: str = ""  # the nearest word that we know, if any is near


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word that may mean several surfaces (`meanings`), or none (then `close` may help)."""

    word: str
    meanings: tuple[str, ...] = ()
    close: str = ""


@dataclass(frozen=True)
class Names:
    """Surfaces in the order in which they are listed; the first provider is the main one."""

    surfaces: tuple[Name, ...]
    providers: tuple[ProviderName, ...]
    _by_id: dict[str, Name] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_id.update({name.id: name for name in self.surfaces})

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name.id: index for index, name in enumerate(self.surfaces)}

    @cached_property
    def _vocabulary(self) -> dict[str, tuple[str, ...]]:
        """Every exact word, squeezed, with the surfaces that it may mean."""
        words: dict[str, list[str]] = {}
        for name in self.surfaces:
            spoken = (name.id, name.id.rpartition("/")[2], name.label, *name.aliases)
            for word in dict.fromkeys(map(squeeze, spoken)):
                words.setdefault(word, []).append(name.id)
        return {word: tuple(ids) for word, ids in words.items() if word}

    @cached_property
    def _provider_words(self) -> dict[str, str]:
        return {squeeze(word): p.id for p in self.providers for word in (p.id, p.label)}

    def label(self, surface: str) -> str:
        name = self._by_id.get(surface)
        return name.label if name else surface

    def is_model(self, surface: str) -> bool:
        name = self._by_id.get(surface)
        return name is not None and name.model

    def provider_of(self, surface: str) -> str:
        name = self._by_id.get(surface)
        return name.provider if name else surface.partition("/")[0]

    def provider(self, id_: str) -> ProviderName:
        return next((p for p in self.providers if p.id == id_), ProviderName(id_, id_))

    def in_order(self, surfaces: Iterable[str]) -> list[str]:
        """Sorted as listed; what is not listed comes last, by its id."""
        end = len(self.surfaces)
        return sorted(surfaces, key=lambda s: (self._positions.get(s, end), s))

    def of_provider(self, provider: str) -> list[str]:
        return [name.id for name in self.surfaces if name.provider == provider]

    def find(self, word: str) -> Found:
        """What a typed word may mean. Total: any text has an answer."""
        wanted = squeeze(word)
        if not wanted:
            return Found()
        if exact := self._vocabulary.get(wanted):
            return Found(exact, exact=True)
        if provider := self._provider_words.get(wanted):
            return Found(tuple(self.of_provider(provider)), provider, exact=True)
        if begins := self._beginning_with(wanted):
            return Found(begins)
        known = [*self._vocabulary, *self._provider_words]
        close = get_close_matches(wanted, known, n=1, cutoff=0.6)
        return Found(close=self._spoken(close[0]) if close else "")

    def _beginning_with(self, wanted: str) -> tuple[str, ...]:
        if len(wanted) < _SHORTEST_PREFIX:
            return ()
        hits = [ids for word, ids in self._vocabulary.items() if word.startswith(wanted)]
        return tuple(self.in_order({surface for ids in hits for surface in ids}))

    def _spoken(self, squeezed: str) -> str:
        if squeezed in self._provider_words:
            return self._provider_words[squeezed]
        return self._vocabulary[squeezed][0]

    def suggest(self, prefix: str, limit: int = 25) -> list[Name]:
        """Choices for somebody who is typing; what begins so comes before what contains it."""
        wanted = squeeze(prefix)
        ranked: list[tuple[int, int, Name]] = []
        for index, name in enumerate(self.surfaces):
            spoken = [squeeze(word) for word in (name.id, name.label, *name.aliases)]
            if any(word.startswith(wanted) for word in spoken):
                ranked.append((0, index, name))
            elif any(wanted in word for word in spoken):
                ranked.append((1, index, name))
        return [name for _, _, name in sorted(ranked, key=lambda r: r[:2])][:limit]


def squeeze(word: str) -> str:
    """Lower case without what people type differently: blanks, dots, dashes, slashes."""
    return re.sub(r"[\W_]+", "", word.casefold())


def spoken_list(words: Sequence[str], last: str = "and") -> str:
    """A · a and b · a, b and c"""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
