"""The catalogue of providers and of the names of their parts. Pure.

A provider that the file does not know (any Statuspage by its URL) makes its
surfaces from its components as they are seen: "<provider>/<slug of the name>".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.catalog.parts import narrowed, parts_of
from bot.catalog.providers import Provider, Surface, generic, surfaces_of
from bot.domain.errors import SettingsError


@dataclass(frozen=True)
class Catalog:
    """The providers that are switched on, in order."""

    providers: Mapping[str, Provider] = field(default_factory=dict)
    # Known, and not switched on: who names one is told so.
    unwatched: tuple[Provider, ...] = ()

    def provider(self, provider: str) -> Provider:
        """The provider of this id; one made up on the spot if it is not in the catalog."""
        return self.providers.get(provider) or generic(provider)

    def surfaces(self) -> tuple[Surface, ...]:
        """All surfaces, in the order in which they are shown."""
        return tuple(s for provider in self.providers.values() for s in provider.surfaces)

    @cached_property
    def by_default(self) -> tuple[str, ...]:
        """The providers that a channel gets which named none: the default one, else all."""
        chosen = [id_ for id_, provider in self.providers.items() if provider.default]
        return tuple(chosen or self.providers)

    @cached_property
    def _surfaces(self) -> Mapping[str, Surface]:
        return {surface.id: surface for surface in self.surfaces()}

    def surface(self, id_: str) -> Surface | None:
        return self._surfaces.get(id_)

    def label(self, surface: str) -> str:
        """Return the label of a surface; of one unknown here, by its id (acme/web-app: web app)."""
        known = self.surface(surface)
        return known.label if known else " ".join(_bare(surface).replace("-", " ").split())

    def naming(self, versions: Mapping[str, str]) -> Catalog:
        """The same catalogue, in which these models are called by a version ("Opus 4.8")."""
        providers = {
            id_: replace(
                provider,
                surfaces=tuple(
                    replace(s, label=f"{s.label} {versions[s.id]}") if s.id in versions else s
                    for s in provider.surfaces
                ),
            )
            for id_, provider in self.providers.items()
        }
        return replace(self, providers=providers) if versions else self

    def alternatives(self, surface: str) -> list[str]:
        """Surfaces that may serve in place of this one. Models stand in for one another."""
        about = self.surface(surface)
        if about is None:
            return []
        if not about.model:
            return list(about.alternatives)
        siblings = self.provider(about.provider).surfaces
        return [other.id for other in siblings if other.model and other.id != surface]

    def order(self, surfaces: Iterable[str]) -> list[str]:
        """Sort surface ids as the catalog lists them; unknown ones last, by name."""
        places = {surface: place for place, surface in enumerate(self._surfaces)}
        return sorted(set(surfaces), key=lambda s: (places.get(s, len(places)), s))

    @cached_property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Every name in its simple form → what it may mean; ids outrank labels and aliases."""
        names: dict[str, tuple[str, ...]] = {}
        for surface in self.surfaces():
            for name in (surface.label, *surface.aliases, *surface.names, _bare(surface.id)):
                form = simple(name)
                if surface.id not in names.get(form, ()):
                    names[form] = (*names.get(form, ()), surface.id)
        return {**names, **{simple(s.id): (s.id,) for s in self.surfaces()}}

    def seen(self, provider: str, components: Mapping[str, str]) -> Catalog:
        """The same catalog, knowing which components (id → name) a page has.

        Gives a provider built from a URL its surfaces; changes nothing for the others.
        """
        known = self.provider(provider)
        if known.known:
            return self
        grown = replace(known, surfaces=tuple(surfaces_of(known, components)))
        return replace(self, providers={**self.providers, provider: grown})


def simple(name: str) -> str:
    """A name as it is compared: in lower case, with single blanks for whatever joins words."""
    return re.sub(r"[\s_-]+", " ", name.strip().lower())


def _bare(surface: str) -> str:
    return surface.rsplit("/", 1)[-1]


def only(catalog: Catalog, names: Iterable[str]) -> Catalog:
    """The catalog with these providers alone, or these parts of them, in this order.

    Raises:
        SettingsError: one of them is not in it.
    """
    asked = parts_of(names)
    for provider in asked:
        if provider not in catalog.providers:
            known = ", ".join(catalog.providers)
            close = difflib.get_close_matches(provider, catalog.providers, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise SettingsError(
                f"provider {provider!r} is not in the catalog (known: {known}){hint}"
            )
    return Catalog(
        {id_: narrowed(catalog.providers[id_], asked[id_]) for id_ in asked},
        unwatched=tuple(p for id_, p in catalog.providers.items() if id_ not in asked),
    )
