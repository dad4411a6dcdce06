"""The catalogue of providers and of the names of their parts: `catalog.toml` read and asked.

Pure once loaded. A provider that the file does not know (any Statuspage by its URL) makes its
surfaces from its components as they are seen: "<provider>/<slug of the name>".
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import resources
from typing import Any

from bot.catalog.parts import narrowed, parts_of
from bot.catalog.providers import (
    POLL_SECONDS,
    Crowd,
    Provider,
    Surface,
    Tip,
    generic,
    slug,
    surfaces_of,
)
from bot.domain.errors import SettingsError

__all__ = ["Catalog", "Provider", "Surface", "generic", "load_catalog", "only", "slug"]


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


# --- reading the file ------------------------------------------------------------------------


def load_catalog(text: str | None = None) -> Catalog:
    """Read all providers of `catalog.toml`, or of `text` in its form.

    Raises:
        SettingsError: it is no TOML, lacks a field, or gives one name to two surfaces.
    """
    packaged = resources.files("bot.catalog").joinpath("catalog.toml")
    source = packaged.read_text(encoding="utf-8") if text is None else text
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"catalog.toml cannot be read: {error}") from None
    unaffected = tuple(document.pop("unaffected", ()))
    recovered = tuple(document.pop("recovered", ()))
    trouble = tuple(document.pop("trouble", ()))
    providers = {
        id_: replace(
            _provider(id_, table), unaffected=unaffected, recovered=recovered, trouble=trouble
        )
        for id_, table in document.items()
    }
    for provider in providers.values():
        _check(provider)
    return Catalog(providers)


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


def _provider(id_: str, table: object) -> Provider:
    where = f"catalog.toml, [{id_}]"
    fields = _table(table, where)
    prefix = str(fields.get("prefix", f"{id_}/"))
    rows = fields.get("surface", [])
    if not isinstance(rows, list):
        raise SettingsError(f"{where}: write its surfaces as [[{id_}.surface]]")
    return Provider(
        id=id_,
        label=_required(fields, "label", where),
        page=_required(fields, "page", where),
        prefix=prefix,
        source=str(fields.get("source", "")),
        kind=str(fields.get("kind", "statuspage")),
        every=float(fields.get("every", POLL_SECONDS)),
        known=bool(rows),
        surfaces=tuple(_surface(row, id_, prefix, where) for row in rows),
        tips=tuple(
            Tip(
                surfaces=frozenset(prefix + surface for surface in tip.get("surfaces", ())),
                words=tuple(tip.get("words", ())),
                say=_required(tip, "say", f"{where}, [[tip]]"),
            )
            for row in fields.get("tip", ())
            if (tip := _table(row, f"{where}, [[tip]]"))
        ),
        crowd=_crowd(fields["crowd"], prefix, where) if "crowd" in fields else None,
        page_id=str(fields.get("page_id", "")),
        ignored=frozenset(fields.get("ignored", ())),
        default=bool(fields.get("default", False)),
    )


def _surface(row: object, provider: str, prefix: str, where: str) -> Surface:
    fields = _table(row, where)
    id_ = _required(fields, "id", where)
    components = _table(fields.get("components", {}), f"{where}, {id_}: components")
    return Surface(
        id=prefix + id_,
        label=_required(fields, "label", f"{where}, {id_}"),
        provider=provider,
        aliases=tuple(fields.get("aliases", ())),
        components=tuple(components),
        rows=tuple((component, tuple(names)) for component, names in components.items()),
        words=tuple(fields.get("words", ())),
        model=bool(fields.get("model", False)),
        article=bool(fields.get("article", False)),
        rests_on=tuple(prefix + other for other in fields.get("rests_on", ())),
        usual=bool(fields.get("usual", False)),
        jobs=tuple(fields.get("jobs", ("api",) if fields.get("model") else ())),
        serves=str(fields.get("serves", provider)),
        alternatives=tuple(prefix + other for other in fields.get("alternatives", ())),
    )


def _crowd(value: object, prefix: str, where: str) -> Crowd:
    fields = _table(value, f"{where}, [crowd]")
    indicators = _table(fields.get("indicators", {}), f"{where}, [crowd]: indicators")
    openrouter = _table(fields.get("openrouter", {}), f"{where}, [crowd]: openrouter")
    return Crowd(
        name=_required(fields, "name", f"{where}, [crowd]"),
        main=prefix + _required(fields, "main", f"{where}, [crowd]"),
        downdetector=str(fields.get("downdetector", "")),
        indicators={key: prefix + str(surface) for key, surface in indicators.items()},
        issues=str(fields.get("issues", "")),
        issues_about=prefix + str(fields.get("issues_about", "")),
        openrouter={prefix + model: str(slug) for model, slug in openrouter.items()},
    )


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{where}: a table is expected")
    return value


def _required(fields: Mapping[str, Any], name: str, where: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{where}: {name} is missing or no text")
    return value


def _check(provider: Provider) -> None:
    """One component, and one alias, must lead to one surface only."""
    owner: dict[str, str] = {}
    for surface in provider.surfaces:
        for name in {*surface.components, *map(simple, surface.aliases), surface.id}:
            if owner.setdefault(name, surface.id) != surface.id:
                raise SettingsError(
                    f"catalog.toml, [{provider.id}]: {name!r} belongs to both "
                    f"{owner[name]} and {surface.id}"
                )
