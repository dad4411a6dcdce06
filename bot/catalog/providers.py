"""A provider and its surfaces: whose page, what people call its parts, how texts name them.

Pure values, made by `catalog` from its file, or for any Statuspage by its URL alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

POLL_SECONDS = 30.0  # as the settings have it, if nobody changes it


def slug(name: str) -> str:
    """`name` as people type it: lower case, letters and digits of any script, joined by dashes."""
    return re.sub(r"[\W_]+", "-", name.lower()).strip("-")[:60]


@dataclass(frozen=True, slots=True)
class Surface:
    """A thing that people use and ask about. `id` is whole (with the provider's prefix)."""

    id: str
    label: str
    provider: str
    aliases: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    # The same, each with the names that pages have written for it.
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()
    words: tuple[str, ...] = ()
    model: bool = False
    # Its label wants an article inside a sentence: "the API".
    article: bool = False
    # What carries it, as whole ids: it is never better than these. For surfaces without a row.
    rests_on: tuple[str, ...] = ()
    # What may serve in its place, as whole ids: where people can do the same thing.
    alternatives: tuple[str, ...] = ()
    # What it is used for (chat, api, code), so that only its like takes its place.
    jobs: tuple[str, ...] = ()
    # The provider whose models it runs: its own, or another's.
    serves: str = ""
    # Offered where somebody names no surface and nothing is wrong: what most people use.
    usual: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for _, names in self.rows for name in names)

    @property
    def by_words(self) -> bool:
        """No component stands for it: it is known from texts alone."""
        return not self.components


@dataclass(frozen=True, slots=True)
class Tip:
    """An advice for a person while one of these surfaces is in trouble."""

    surfaces: frozenset[str]
    words: tuple[str, ...]  # in the incident's texts; none: whatever they say
    say: str  # half a sentence

    def fits(self, text: str) -> bool:
        return not self.words or says(self.words, text)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Where people elsewhere speak of a provider, and of which of its surfaces."""

    name: str  # what they call it
    main: str  # the surface they mean if they name none, as a whole id
    downdetector: str = ""  # its slug there
    # Downdetector's key → surface. A provider is hashed, and a mapping cannot be.
    indicators: Mapping[str, str] = field(default_factory=dict, hash=False)
    issues: str = ""  # a repository on GitHub
    issues_about: str = ""  # the surface that its issues are about
    # Model → "author/slug" at OpenRouter.
    openrouter: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Provider:
    """One page to watch. `known` False: built from a URL, surfaces follow its components."""

    id: str
    label: str
    page: str
    prefix: str
    surfaces: tuple[Surface, ...] = ()
    page_id: str = ""
    ignored: frozenset[str] = frozenset()
    default: bool = False
    known: bool = True
    unaffected: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()
    tips: tuple[Tip, ...] = ()
    crowd: Crowd | None = None
    kind: str = "statuspage"  # the format of its page
    regions: tuple[str, ...] = ()  # those with which it is switched on
    source: str = ""  # what is polled, where that is not the page itself
    every: float = POLL_SECONDS  # seconds between two polls

    @property
    def rows(self) -> dict[str, tuple[str, ...]]:
        """The components of its surfaces by id, each with its names."""
        return {id_: names for surface in self.surfaces for id_, names in surface.rows}

    @cached_property
    def _by_component(self) -> Mapping[str, str]:
        ids = {component: s.id for s in self.surfaces for component in s.components}
        names = {f"name:{slug(name)}": s.id for s in self.surfaces for name in s.names}
        return {**names, **ids}

    def surface_of(self, component: str, name: str = "") -> str | None:
        """The surface a component belongs to; None: unknown here, or no component at all."""
        if component in self.ignored:
            return None
        if not self.known:
            return self.prefix + slug(name) if slug(name) else None
        return self._by_component.get(component)

    def order(self, surface: str) -> int:
        """The place of a surface in the catalog; those made up later come last."""
        return self._places.get(surface, len(self._places))

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {surface.id: place for place, surface in enumerate(self.surfaces)}

    def named_in(self, text: str, *, components_too: bool = False) -> tuple[str, ...]:
        """Surfaces that a text names, in the catalog's order.

        Models and whatever else has no component; with `components_too` all of them (for an
        incident that names no component). A sentence that says what is not affected is left out.
        """
        sentences = [s for s in re.split(r"(?<=[.!?])\s+|\n+", text) if not self.is_unaffected(s)]
        told = "\n".join(sentences)
        return tuple(
            surface.id
            for surface in self.surfaces
            if (components_too or surface.by_words) and says(surface.words, told)
        )

    def says_trouble(self, text: str) -> bool:
        """Does a text speak of trouble? A sentence that says what is not affected is left out."""
        sentences = re.split(r"(?<=[.!?])\s+|\n+", text)
        return any(says(self.trouble, s) and not self.is_unaffected(s) for s in sentences)

    def unaffected_in(self, text: str) -> tuple[str, ...]:
        """Surfaces of which a text says that they are not affected."""
        sentences = [s for s in re.split(r"(?<=[.!?])\s+|\n+", text) if self.is_unaffected(s)]
        told = "\n".join(sentences)
        return tuple(surface.id for surface in self.surfaces if says(surface.words, told))

    def has_recovered(self, sentence: str) -> bool:
        """The sentence says of what it names that it works again."""
        return says(self.recovered, sentence)

    def is_unaffected(self, sentence: str) -> bool:
        """The sentence says of what it names that it is not affected."""
        return says(self.unaffected, sentence)

    def knows(self, component: str) -> bool:
        """False: the page has a row that the catalog should learn of (tell the operator)."""
        return not self.known or component in self.ignored or component in self._by_component


def says(words: tuple[str, ...], text: str) -> bool:
    """Tell whether a text has one of these words. None of no words."""
    return bool(words) and _pattern(words).search(text) is not None


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Whole words in any case; ` *` is a version ("4.6", "5"), `*` the rest of a word."""
    parts = []
    for word in words:
        escaped = re.escape(word.replace(" *", "")) if word.endswith(" *") else re.escape(word)
        parts.append(escaped.replace(r"\ ", r"\s+").replace(r"\*", r"[\w.]*"))
    return re.compile(r"(?<![\w.])(?:" + "|".join(parts) + r")(?!\w)", re.IGNORECASE)


def surfaces_of(provider: Provider, components: Mapping[str, str]) -> Iterator[Surface]:
    grouped: dict[str, list[str]] = {}
    labels: dict[str, str] = {}
    for component, name in components.items():
        if surface := provider.surface_of(component, name):
            grouped.setdefault(surface, []).append(component)
            labels.setdefault(surface, name)
    for surface, ids in grouped.items():
        yield Surface(surface, labels[surface], provider.id, components=tuple(ids))


def generic(provider: str, *, page: str = "", label: str = "") -> Provider:
    """A provider for any Statuspage: every component is a surface of its own."""
    return Provider(
        id=provider,
        label=label or provider,
        page=page,
        prefix=f"{provider}/",
        known=False,
    )
