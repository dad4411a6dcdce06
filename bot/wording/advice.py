"""What a person can do, by what is down. Says nothing where there is nothing honest to say."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.model import Severity
from bot.wording.names import Names, spoken_list

# What people do in an outage that does not help, or makes it worse.
_DONT: Mapping[str, str] = {
    "claude.ai": "do not log in again and again",
    "api": "retry with growing pauses, not in a loop",
    "code": "leave open sessions open, and save what they wrote",
    "cowork": "leave running tasks alone until it is back",
}
_MAX = 2


def advice(severities: Mapping[str, Severity], names: Names) -> str:
    """One sentence for surfaces with their severities, or nothing.

    `severities` must hold what is up too: only a surface that is up by its own evidence is
    named as a way round.
    """
    down = names.in_order(
        s for s, how in severities.items() if how.rank > Severity.MAINTENANCE.rank
    )
    if not down:
        return ""
    tips = _ways_round(down, severities, names)
    tips += [_DONT[surface] for surface in down if surface in _DONT][: _MAX - len(tips)]
    return f"What you can do: {'; '.join(tips)}." if tips else ""


def _ways_round(
    down: Collection[str], severities: Mapping[str, Severity], names: Names
) -> list[str]:
    models_down = [s for s in down if names.is_model(s)]
    up = {s for s, how in severities.items() if how is Severity.UP}
    if models_down and len(models_down) == len(down):
        others = [names.label(s) for s in names.in_order(up) if names.is_model(s)]
        return [f"use {spoken_list(others, 'or')} meanwhile"] if others else []
    if "api" in up and {"claude.ai", "code"} & set(down):
        return [f"use {names.label('api')}, which works"]
    return []
