"""What a person can do, by what is down. Says nothing where there is nothing honest to say."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.catalog import Catalog
from bot.model import Severity
from bot.wording.names import is_model, spoken_list

# What people do in an outage that does not help, or makes it worse.
_DONT: Mapping[str, str] = {
    "claude.ai": "do not log in again and again",
    "api": "retry with growing pauses, not in a loop",
    "code": "leave open sessions open, and save what they wrote",
    "cowork": "leave running tasks alone until it is back",
}
_MAX = 2


def advice(severities: Mapping[str, Severity], catalog: Catalog) -> str:
    """One sentence for surfaces with their severities, or nothing.

    `severities` must hold what is up too: only a surface that is up by its own evidence is
    named as a way round.
    """
    down = catalog.order(s for s, how in severities.items() if how.rank > Severity.MAINTENANCE.rank)
    if not down:
        return ""
    tips = _ways_round(down, severities, catalog)
    tips += [_DONT[surface] for surface in down if surface in _DONT][: _MAX - len(tips)]
    return f"What you can do: {'; '.join(tips)}." if tips else ""


def _ways_round(
    down: Collection[str], severities: Mapping[str, Severity], catalog: Catalog
) -> list[str]:
    models_down = [s for s in down if is_model(catalog, s)]
    up = {s for s, how in severities.items() if how is Severity.UP}
    if models_down and len(models_down) == len(down):
        others = [catalog.label(s) for s in catalog.order(up) if is_model(catalog, s)]
        return [f"use {spoken_list(others, 'or')} meanwhile"] if others else []
    if "api" in up and {"claude.ai", "code"} & set(down):
        return [f"use {catalog.label('api')}, which works"]
    return []
