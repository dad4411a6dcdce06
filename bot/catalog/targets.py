"""What is probed: the rows of `catalog.toml` that say so."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

from bot.domain.errors import SettingsError


class TargetKind(StrEnum):
    """What a target is: the API, a web page behind a front door, or a neutral site."""

    API = "api"
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


def load_targets(providers: Iterable[str], text: str | None = None) -> list[Target]:
    """The targets of these providers; of one that the catalog does not know, none.

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
        raise SettingsError(f"what is to be probed cannot be read: {error}") from None
    return [
        _target(row, provider)
        for provider in providers
        for row in document.get(provider, {}).get("probe", ())
    ]


def _target(row: dict[str, object], provider: str) -> Target:
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
