"""Probe targets: the rows of `catalog.toml` that name one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

from bot.catalog.catalog import Catalog
from bot.catalog.parts import REGION
from bot.domain.errors import SettingsError


class TargetKind(StrEnum):
    """Kinds of targets: an API, a web page behind a front door, a neutral site."""

    API = "api"
    DOOR = "door"  # an API that refuses who shows no key, in whatever JSON
    FRONT = "front"
    MODELS = "models"  # the list of models, with a key
    GENERATION = "generation"  # the smallest real answer of one model, with a key
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to probe. `surfaces` are those that its answers tell something about."""

    name: str
    url: str
    kind: TargetKind
    surfaces: tuple[str, ...] = ()
    model: str = ""  # for GENERATION: the family; when it is probed, the id sent to the API


def load_targets(catalog: Catalog, text: str | None = None) -> list[Target]:
    """The targets of what is watched, in each of its regions; of a page by its URL, none.

    Raises:
        SettingsError: a row lacks a field, or has a kind that there is not.
    """
    source = (
        text
        if text is not None
        else resources.files("bot.catalog").joinpath("catalog.toml").read_text(encoding="utf-8")
    )
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"ISCLAUDEDOWN_PROBE_FILE is not TOML: {error}") from None
    targets = [
        _target(row, provider.id, region)
        for provider in catalog.providers.values()
        for row in document.get(provider.id, {}).get("probe", ())
        for region in (provider.regions if REGION in str(row.get("url")) else ("",))
    ]
    # Neutral sites are nobody's: without them our own network's trouble would look like theirs.
    neutral = [
        _target(row, id_, "")
        for id_, table in document.items()
        if isinstance(table, dict) and id_ not in catalog.providers and targets
        for row in table.get("probe", ())
        if row.get("kind") == TargetKind.CONTROL
    ]
    return targets + neutral


def neutral_sites(catalog: Catalog) -> list[str]:
    """Return addresses that are nobody's who is watched: if none answers, our own network fails."""
    return [one.url for one in load_targets(catalog) if one.kind is TargetKind.CONTROL]


def _target(row: dict[str, object], provider: str, region: str) -> Target:
    row = {
        key: [str(one).replace(REGION, region) for one in value]
        if isinstance(value, list)
        else str(value).replace(REGION, region)
        for key, value in row.items()
    }
    where = f"catalog.toml, [[{provider}.probe]] {row.get('name', '')}"
    try:
        surfaces = row.get("surfaces", [])
        return Target(
            name=str(row["name"]),
            url=str(row["url"]),
            kind=TargetKind(str(row["kind"])),
            surfaces=tuple(map(str, surfaces)) if isinstance(surfaces, list) else (),
            model=str(row.get("model", "")),
        )
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{where}: {error} is missing or unknown") from None
