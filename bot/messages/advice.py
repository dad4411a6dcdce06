"""What a person can do, when to retry, and how long it may take."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken, spoken_list
from bot.domain.page import Severity
from bot.messages.durations import duration
from bot.status.advice import Advice, Do
from bot.status.duration import ExpectedDuration

_MAX = 2
# Who loses these can often go on with the API.
_API_HELPS = frozenset({"claude.ai", "code", "cowork"})


def advice(severities: Mapping[str, Severity], catalog: Catalog) -> str:
    """One sentence for surfaces with their severities, or nothing.

    Give what is up too, where it is known: only a surface that is up by its own evidence is
    named as a way round.
    """
    down = catalog.order(s for s, how in severities.items() if how.rank > Severity.MAINTENANCE.rank)
    tips = _way_round(down, severities, catalog)
    for surface in down:
        known = catalog.surface(surface)
        tip = known.advice.rstrip(".") if known else ""
        tip = tip[:1].lower() + tip[1:]
        if tip and tip not in tips:
            tips.append(tip)
    return f"What you can do: {'; '.join(tips[:_MAX])}." if tips else ""


def _way_round(
    down: Collection[str], severities: Mapping[str, Severity], catalog: Catalog
) -> list[str]:
    if severities.get("api") is Severity.UP and _API_HELPS & set(down):
        return [f"use {spoken(catalog, 'api')}, which works"]
    return []


def advice_words(advice: Advice, catalog: Catalog) -> str:
    """One sentence."""
    wait = duration(advice.wait)
    match advice.do:
        case Do.NOW:
            return "Retry now."
        case Do.BACK_OFF:
            return f"Retry in {wait} or a little later (not all at the same moment)."
        case Do.STOP:
            return f"Stop retrying; look again in {wait}."
        case Do.SWITCH:
            names = spoken_list([catalog.label(s) for s in advice.use], "or")
            return f"Use {names} meanwhile; retry in {wait} or later."


def how_long_words(said: ExpectedDuration) -> str:
    """Say how many were over in which time."""
    return (
        f"Of {said.n} like this half were over in {duration(said.half)}, "
        f"nine in ten in {duration(said.nine_in_ten)}."
    )
