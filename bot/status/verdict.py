"""Verdicts: what we say about each surface now, and what that rests on.

The official page's evidence is gathered here: component states first; an incident's words only
for surfaces that no component stands for (models), or on pages whose incidents name none. A
surface that has neither is as good as what carries it (`rests_on` in the catalogue).
`evidence.suspicion` adds what other sources say. A page not seen for too long makes every verdict
unknown: the last known severity stays in the evidence, and `checked_at` tells its age.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.catalog.model_texts import state_of, statements
from bot.catalog.names import spoken
from bot.catalog.providers import Provider, Surface
from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.incident import Impact, Incident, Origin
from bot.domain.page import Severity, worst
from bot.domain.state import State
from bot.evidence.suspicion import with_others


def verdicts(
    state: State,
    catalog: Catalog,
    now: datetime,
    others: Sequence[Evidence],
    *,
    fresh: bool,
    versions: Mapping[str, str],
) -> list[Verdict]:
    """Judge every surface of the state's provider, in the catalogue's order.

    `others` is what probes, reports and traffic say (of any surface); `fresh`: the state is
    recent enough to speak of the present; `versions`: of a model, the one that is asked about.
    """
    provider = catalog.provider(state.provider)
    judged: dict[str, Verdict] = {}
    # Those with a row first: what has none is judged by what carries it.
    for surface in sorted(provider.surfaces, key=lambda s: s.by_words):
        version = versions.get(surface.id, "")
        official = _official(surface, provider, state, version, seen=fresh)
        carriers = [judged[other] for other in surface.rests_on if other in judged]
        if surface.by_words and carriers:
            official = _carried(official, max(carriers, key=_weight), catalog)
        found = with_others(official, others, now)
        if found.suspected and not official.suspected:
            found = replace(found, carried_by="")  # its own evidence speaks against it
        judged[surface.id] = found
    return [judged[surface.id] for surface in provider.surfaces]


def _weight(verdict: Verdict) -> float:
    """Return how bad it is to rest on: what cannot be seen is worse than what is up."""
    return 0.5 if verdict.severity is Severity.UNKNOWN else verdict.severity.rank


def _carried(own: Verdict, carrier: Verdict, catalog: Catalog) -> Verdict:
    """The verdict of a surface without a row: never better than what carries it.

    Where nothing speaks of it, it is as good as its carrier, and says so.
    """
    silent = not own.incidents
    if not silent and _weight(own) >= _weight(carrier):
        return own
    says = f"not on the page; {spoken(catalog, carrier.surface)} it runs on {state_clause(carrier)}"
    piece = Evidence(
        source=Source.PAGE,
        surface=own.surface,
        severity=carrier.last_known,
        at=own.checked_at or carrier.evidence[0].at,
        since=carrier.since,
        says=says,
        from_text=True,
    )
    return replace(
        own,
        severity=carrier.severity,
        since=carrier.since,
        suspected=carrier.suspected,
        evidence=(piece, *(() if silent else own.evidence)),
        incidents=tuple(dict.fromkeys((*own.incidents, *carrier.incidents))),
        carried_by=carrier.surface,
    )


_CLAUSES = {
    Severity.UNKNOWN: "cannot be seen",
    Severity.UP: "is up",
    Severity.MAINTENANCE: "is in maintenance",
    Severity.DEGRADED: "is degraded",
    Severity.PARTIAL: "has a partial outage",
    Severity.MAJOR: "has a major outage",
}


def state_clause(verdict: Verdict) -> str:
    """The verb and the rest of a sentence about it: "has a major outage"."""
    return "may have trouble" if verdict.suspected else _CLAUSES[verdict.severity]


def _official(
    surface: Surface, provider: Provider, state: State, version: str, *, seen: bool
) -> Verdict:
    """The page's own verdict: the worst of what it says, unknown only if nothing is known."""
    concerning = list(_concerning(surface, provider, state, version))
    evidence = (
        *(
            component.evidence(surface.id, state.observed_at)
            for id_, component in state.components.items()
            if provider.surface_of(id_, component.name) == surface.id
        ),
        *_of_incidents(surface, state, concerning),
    )
    if not evidence:
        # No row and no incident speaks of it: nothing is known of it by itself.
        says, unknown = "not listed on the page", Severity.UNKNOWN
        evidence = (Evidence(Source.PAGE, surface.id, unknown, state.observed_at, says=says),)
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
        incidents=tuple(incident.key for incident, _ in concerning),
    )


def _concerning(
    surface: Surface, provider: Provider, state: State, version: str
) -> Iterator[tuple[Incident, Impact]]:
    """Incidents that do something to the surface now, each with what."""
    for incident in state.incidents.values():
        impact = incident.surfaces.get(surface.id)
        if surface.model and incident.is_open and incident.origin is Origin.PROVIDER:
            impact = _impact_on_model(incident, surface, provider, version)
        if impact is None or incident.withdrawn:
            continue
        if incident.notice and incident.is_open and surface.by_words:
            # The page computes nothing for it, and no row contradicts its words.
            impact = replace(impact, now=worst((impact.now, Severity.DEGRADED)))
        if incident.is_open or impact.now is not Severity.UP:
            yield incident, impact


def _impact_on_model(
    incident: Incident, surface: Surface, provider: Provider, version: str
) -> Impact | None:
    """By what the texts say of it by now; None where they say that it works."""
    impact = incident.surfaces.get(surface.id)
    texts = [incident.title, *(event.text for event in incident.events)]
    if all(said.surface != surface.id for text in texts for said in statements(provider, text)):
        return impact
    if not state_of(provider, surface.id, texts).accuses(version):
        return None
    now = impact.now if impact and impact.now.is_impaired else incident.severity
    return Impact(now, worst((now, impact.worst if impact else now)), from_text=True)


def _of_incidents(
    surface: Surface, state: State, concerning: Iterable[tuple[Incident, Impact]]
) -> Iterator[Evidence]:
    for incident, impact in concerning:
        waiting = incident.maintenance and incident.phase == "scheduled"
        track = state.tracks.get(incident.id)
        speaks = surface.by_words or incident.maintenance or (track and not track.linkable)
        # What we only suspect is no word of the page's: `evidence.suspicion` adds it.
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
