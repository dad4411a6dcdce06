"""The parts of a provider that are watched: all of it, single surfaces, or regions.

A name is a provider's (`github`), or has a part behind a slash: one of its surfaces
(`github/copilot`), or a region where it has those (`bedrock/eu-west-1`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.catalog.providers import Provider, Surface
from bot.domain.errors import SettingsError

REGION = "{region}"
# us-east-1 (AWS), europe-west4 (Google), us (Google's wide ones).
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)*(-?\d{1,2})?")


def parts_of(names: Iterable[str]) -> Mapping[str, list[str]]:
    """The parts asked for of each provider, in order; an empty part is the whole."""
    asked: dict[str, list[str]] = {}
    for name in names:
        provider, _, part = name.partition("/")
        asked.setdefault(provider, []).append(part)
    return asked


def narrowed(provider: Provider, parts: Iterable[str]) -> Provider:
    """The provider with these parts alone; the other rows of its page count for nothing.

    Raises:
        SettingsError: a part is no surface and no region, or a region is missing.
    """
    fixed = {s.id.removeprefix(provider.prefix): s for s in provider.surfaces if not _any(s)}
    anywhere = [surface for surface in provider.surfaces if _any(surface)]
    chosen: list[Surface] = []
    regions: list[str] = []
    for part in dict.fromkeys(parts):
        if not part:
            chosen += fixed.values()
        elif part in fixed:
            chosen.append(fixed[part])
        elif anywhere and _REGION.fullmatch(part):
            regions.append(part)
            chosen += [in_region(surface, part) for surface in anywhere]
        else:
            known = [f"{provider.id}/{name}" for name in fixed]
            known += [f"a region, as {provider.id}/eu-west-1"] * bool(anywhere)
            raise SettingsError(
                f"{provider.id}/{part} is no part of it (known: {', '.join(known) or 'none'})"
            )
    if anywhere and not chosen:
        raise SettingsError(f"{provider.id} needs a region, as {provider.id}/eu-west-1")
    kept = {surface.id: surface for surface in chosen}
    left = {c for s in provider.surfaces if s.id not in kept for c in s.components}
    return replace(
        provider,
        surfaces=tuple(kept.values()),
        ignored=provider.ignored | left,
        regions=tuple(regions),
    )


def _any(surface: Surface) -> bool:
    """Does it stand for any region?"""
    return REGION in surface.id


def in_region(surface: Surface, region: str) -> Surface:
    """The surface that stands for any region, for this one."""

    def named(text: str) -> str:
        return text.replace(REGION, region)

    return replace(
        surface,
        id=named(surface.id),
        label=named(surface.label),
        aliases=tuple(map(named, surface.aliases)),
        components=tuple(map(named, surface.components)),
        rows=tuple((named(id_), tuple(map(named, names))) for id_, names in surface.rows),
    )
