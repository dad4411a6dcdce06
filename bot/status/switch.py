"""Switch targets: the surfaces to use while another one is in trouble, for everybody who advises.

Offered are the catalogue's alternatives of a surface, and what the team has said it can use
(`StatusView.alternatives`). Only what is up by fresh evidence of its own kind is: a component, a
probe or traffic says so, and its page was read at the last poll. What is unknown, suspected, or
only as good as what carries it, is not.
In order: the same job first (a chat for a chat), then Claude by another cloud before another
model, then as the catalogue and the team have listed them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.catalog.names import of_provider
from bot.catalog.providers import Surface
from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.page import Severity
from bot.status.view import ProviderStatus, StatusView, counts_for

_OWN_KIND = frozenset({Source.PAGE, Source.PROBE, Source.TRAFFIC})


@dataclass(frozen=True, slots=True)
class SwitchTarget:
    """A surface that works, and how that is known."""

    surface: str
    source: str  # as `Evidence.source`
    says: str  # the source's own words; may be empty
    at: datetime  # when it was last seen to work


def switch_targets(view: StatusView, surface: str) -> tuple[SwitchTarget, ...]:
    """Return what can be used in place of a surface, the best first; nothing that is unknown."""
    about = view.catalog.surface(surface)
    names = dict.fromkeys(
        (*view.catalog.alternatives(surface), *usable(view.catalog, view.alternatives, surface))
    )
    verdicts = {v.surface: v for one in view.providers if _is_seen(one, view) for v in one.verdicts}
    found = []
    for place, name in enumerate(name for name in names if name != surface):
        other, verdict = view.catalog.surface(name), verdicts.get(name)
        if verdict is None or (evidence := proof(verdict)) is None:
            continue
        same_models = bool(about and other and about.serves == other.serves)
        rank = (not _same_job(about, other), not same_models, place)
        found.append((rank, SwitchTarget(name, evidence.source, evidence.says, evidence.at)))
    return tuple(target for _, target in sorted(found, key=lambda one: one[0]))


def _is_seen(status: ProviderStatus, view: StatusView) -> bool:
    """Was its page read at the last poll, and not long ago?

    A page that fails now and then keeps its verdicts for a while (`is_fresh`). To send people there
    takes more: what was up at the last good poll may be why the next ones fail.
    """
    if status.checked_at is None or status.failing_since is not None:
        return False
    every = view.catalog.provider(status.provider).every
    return view.at - status.checked_at < counts_for(every)


def usable(catalog: Catalog, alternatives: Iterable[str], surface: str) -> list[str]:
    """Return the surfaces that a team's words stand for: of a provider those for the same job."""
    about = catalog.surface(surface)
    names = []
    for word in alternatives:
        if word in catalog.providers:
            own = of_provider(catalog, word)
            names += [name for name in own if _same_job(about, catalog.surface(name))]
        else:
            names.append(word)
    return names


def proof(verdict: Verdict) -> Evidence | None:
    """Return the newest evidence of its own kind that a surface is up; None: there is none.

    None as well where anything speaks against it: people who report trouble, say.
    """
    if not verdict.is_up or any(piece.severity.is_impaired for piece in verdict.evidence):
        return None
    pieces = [
        piece
        for piece in verdict.evidence
        if piece.severity is Severity.UP and piece.source in _OWN_KIND and not piece.from_text
    ]
    return max(pieces, key=lambda piece: piece.at, default=None)


def _same_job(one: Surface | None, other: Surface | None) -> bool:
    return bool(one and other and set(one.jobs) & set(other.jobs))
