"""The file of the catalogue: `catalog.toml` read and checked. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import Any

from bot.catalog.catalog import Catalog, simple
from bot.catalog.providers import POLL_SECONDS, Crowd, Provider, Surface, Tip
from bot.domain.errors import SettingsError


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
