"""What we say about each surface now, and what that rests on.

The official page's evidence is gathered here: component states first; an incident's words only
for surfaces that no component stands for (models), or on pages whose incidents name none.
`evidence.weigh` adds what other sources say. A page not seen for too long makes every verdict
unknown: the last known severity stays in the evidence, and `checked_at` tells its age.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from bot.catalog.catalog import Catalog, Provider, Surface
from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.incident import Incident, Origin
from bot.domain.page import Severity
from bot.domain.state import ComponentState, State
from bot.evidence.suspicion import with_others


def verdicts(
    state: State, catalog: Catalog, now: datetime, others: Sequence[Evidence], *, fresh: bool
) -> list[Verdict]:
    """Judge every surface of the state's provider, in the catalogue's order.

    `others` is what probes, reports and traffic say (of any surface); `fresh`: the state is
    recent enough to speak of the present.
    """
    provider = catalog.provider(state.provider)
    return [
        with_others(_official(surface, provider, state, seen=fresh), others, now)
        for surface in provider.surfaces
    ]


def _official(surface: Surface, provider: Provider, state: State, *, seen: bool) -> Verdict:
    """The page's own verdict: the worst of what it says, unknown only if nothing is known."""
    concerning = [i for i in state.incidents.values() if _concerns(i, surface.id)]
    evidence = (
        *_components(surface, provider, state),
        *_incidents(surface, state, concerning),
    ) or (_silence(surface, state),)
    speaking = max(evidence, key=lambda piece: piece.severity.rank)
    if speaking.severity is Severity.UP and any(
        piece.severity is Severity.UNKNOWN for piece in evidence
    ):
        # Part of it cannot be read: "up" would be a guess.
        speaking = next(piece for piece in evidence if piece.severity is Severity.UNKNOWN)
    sinces = [p.since for p in evidence if p.since and p.severity is speaking.severity]
    # Down since the first part went down, up since the last one came back.
    began = (
        max(sinces) if speaking.severity is Severity.UP and sinces else min(sinces, default=None)
    )
    return Verdict(
        surface=surface.id,
        severity=speaking.severity if seen else Severity.UNKNOWN,
        since=began if seen else None,
        checked_at=state.observed_at,
        evidence=evidence,
        incidents=tuple(incident.key for incident in concerning),
    )


def _concerns(incident: Incident, surface: str) -> bool:
    impact = incident.surfaces.get(surface)
    if impact is None or incident.withdrawn:
        return False
    return incident.is_open or impact.now is not Severity.UP


def _components(surface: Surface, provider: Provider, state: State) -> Iterator[Evidence]:
    for id_, component in state.components.items():
        if provider.surface_of(id_, component.name) == surface.id:
            yield _of_component(surface, component, state)


def _of_component(surface: Surface, component: ComponentState, state: State) -> Evidence:
    severity = component.pending or component.severity
    says = f"{component.name}: {component.status.replace('_', ' ')}"
    if component.unclear:
        severity = Severity.UNKNOWN
    if not component.listed and severity is not Severity.UP:
        # It was down when it left the page's list: nobody knows what it is now.
        severity, says = Severity.UNKNOWN, f"{component.name}: no longer listed"
    return Evidence(
        source=Source.PAGE,
        surface=surface.id,
        severity=severity,
        at=state.observed_at,
        since=component.pending_since or component.since,
        says=says,
    )


def _incidents(
    surface: Surface, state: State, concerning: Iterable[Incident]
) -> Iterator[Evidence]:
    for incident in concerning:
        impact = incident.surfaces[surface.id]
        waiting = incident.maintenance and incident.phase == "scheduled"
        track = state.tracks.get(incident.id)
        speaks = surface.by_words or incident.maintenance or (track and not track.linkable)
        # What we only suspect is no word of the page's: `evidence.weigh` adds it.
        ours_alone = incident.origin is Origin.SUSPECTED
        if not speaks or waiting or ours_alone or not incident.is_open:
            continue
        yield Evidence(
            source=Source.PAGE,
            surface=surface.id,
            severity=impact.now,
            at=state.observed_at,
            since=incident.timeline[-1][0] if incident.timeline else incident.started_at,
            says=incident.title,
            from_text=impact.from_text,
        )


def _silence(surface: Surface, state: State) -> Evidence:
    """No row and no incident speaks of it: a model is up then, a component is unknown."""
    return Evidence(
        source=Source.PAGE,
        surface=surface.id,
        severity=Severity.UP if surface.by_words else Severity.UNKNOWN,
        at=state.observed_at,
        says="no open incident names it" if surface.by_words else "not listed on the page",
        from_text=surface.by_words,
    )


def unknown_components(state: State, catalog: Catalog) -> Mapping[str, str]:
    """Rows of the page that the catalog does not know, id → name: the operator is told."""
    provider = catalog.provider(state.provider)
    return {
        id_: component.name
        for id_, component in state.components.items()
        if not provider.knows(id_) and provider.surface_of(id_, component.name) is None
    }
