"""Suspected incidents: opened on our own evidence, continued by the provider's, or ended.

Pure, and run after every step of the engine, on its result. One suspected incident is open at a
time, whatever it spreads to: one event is one thread. It opens when a surface that the page calls
up is suspected (see `evidence.weigh`). If the provider posts within `CONTINUES` on one of its
surfaces, its incident goes on in the same thread as official. If the evidence dies down for
`CALM`, it ends as "nothing confirmed" and counts as a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.incident import (
    HANDED_OVER,
    EventKind,
    Impact,
    Incident,
    IncidentEvent,
    Origin,
    SurfaceChange,
)
from bot.domain.page import Severity
from bot.domain.state import State, SuspicionState
from bot.engine.confirmation import CONTINUES, SuspectedWork, continue_as_official, is_official
from bot.evidence.sources import source_names
from bot.evidence.suspicion import Signals, Suspicion, case_against

CALM = timedelta(minutes=10)
# What people still say after the provider's own end is the tail of the same event.
AFTERMATH = timedelta(minutes=30)

NOTHING_CONFIRMED = "Nothing was confirmed: what we saw has died down."


def suspected_in(state: State | None) -> dict[str, Incident]:
    incidents = state.incidents if state else {}
    return {id_: i for id_, i in incidents.items() if i.origin is Origin.SUSPECTED}


def without_suspected(state: State) -> State:
    """What the engine steps on: it knows the page alone, and would wonder at the others."""
    ours = suspected_in(state)
    if not ours:
        return state
    rest = {id_: i for id_, i in state.incidents.items() if id_ not in ours}
    return replace(state, incidents=rest)


def step(
    before: State | None,
    state: State,
    changed: Sequence[Incident],
    seen: Signals,
    now: datetime,
    label: Callable[[str], str] = str,
) -> tuple[State, tuple[Incident, ...]]:
    """Continue the engine's step with what others saw.

    `before` is the whole state; the engine's step started from it `without_suspected`, and
    `state` and `changed` are its result (after a failed look: as it was, and nothing). Returns
    both anew, ready to be committed. `label` is how a surface is written for people.
    """
    kept = suspected_in(before)
    work = SuspectedWork(
        {**kept, **state.incidents}, {i.id: i for i in changed}, dict(state.tracks), label
    )
    continue_as_official(work, before, now)
    cases = {surface: case for surface in _surfaces(seen) if (case := _case(surface, seen, now))}
    suspicions = _suspicions(before.suspicions if before else {}, cases, seen, now)
    _note_agreement(work, suspicions)
    _end_or_spread(work, suspicions, cases, seen, now)
    _open(work, state.provider, suspicions, cases, seen, now)
    _forget_old(work, now)
    after = replace(state, incidents=work.incidents, tracks=work.tracks, suspicions=suspicions)
    return after, tuple(work.changed.values())


def _forget_old(work: SuspectedWork, now: datetime) -> None:
    """What can neither be continued nor reopened any more lives in the journal alone."""
    for incident in list(work.incidents.values()):
        over = incident.ended_at is not None and now - incident.ended_at > CONTINUES
        if over and incident.origin is Origin.SUSPECTED:
            del work.incidents[incident.id]


def _surfaces(seen: Signals) -> list[str]:
    return list(dict.fromkeys([*(e.surface for e in seen.evidence), *seen.overwhelming]))


def _case(surface: str, seen: Signals, now: datetime) -> Suspicion:
    return case_against(surface, seen.evidence, now)


def _suspicions(
    old: Mapping[str, SuspicionState], cases: Mapping[str, Suspicion], seen: Signals, now: datetime
) -> dict[str, SuspicionState]:
    """Which surfaces are suspected, with what lingers until it has been calm long enough."""
    kept: dict[str, SuspicionState] = {}
    for surface in [*old, *(s for s in cases if s not in old)]:
        was, case = old.get(surface), cases.get(surface)
        strong = surface in seen.overwhelming or (case is not None and case.suspected)
        lingers = was is not None and case is not None and not case.calm
        if strong or lingers:
            kept[surface] = SuspicionState(was.since if was else now, now)
        elif was and now - was.last < CALM:
            kept[surface] = was
    return kept


# --- the provider's word ---------------------------------------------------------------------


def _note_agreement(work: SuspectedWork, suspicions: Mapping[str, SuspicionState]) -> None:
    """Our evidence came after the provider's word: remember when, for the scoreboard."""
    for incident in list(work.incidents.values()):
        if not is_official(incident) or incident.suspected_at or not incident.is_open:
            continue
        hits = [suspicions[s].since for s in incident.surfaces if s in suspicions]
        if hits:
            work.put(replace(incident, suspected_at=max(min(hits), incident.started_at)))


# --- ours alone ------------------------------------------------------------------------------


def _uncovered(
    work: SuspectedWork, suspicions: Mapping[str, SuspicionState], now: datetime
) -> list[str]:
    """Suspected surfaces about which the page says nothing, nor just did."""
    covered: set[str] = set()
    for incident in work.incidents.values():
        if incident.origin is Origin.SUSPECTED:
            continue
        if incident.is_open:
            covered.update(s for s, i in incident.surfaces.items() if i.now is not Severity.UP)
        elif incident.ended_at and now - incident.ended_at < AFTERMATH:
            covered.update(incident.surfaces)
    return [s for s, suspicion in suspicions.items() if s not in covered and suspicion.last == now]


def _visibility(
    surfaces: Iterable[str], cases: Mapping[str, Suspicion], seen: Signals
) -> tuple[str, ...]:
    """Everyone (empty), unless nothing but the people of some workspaces speak."""
    owners: set[str] = set()
    for surface in surfaces:
        case = cases.get(surface)
        if case is not None and case.suspected:
            return ()
        owners.update(seen.overwhelming.get(surface, ()))
    return tuple(sorted(owners))


def _end_or_spread(
    work: SuspectedWork,
    suspicions: Mapping[str, SuspicionState],
    cases: Mapping[str, Suspicion],
    seen: Signals,
    now: datetime,
) -> None:
    ours = _open_one(work)
    if ours is None:
        return
    if (taker := _taker(work, ours, suspicions)) is not None:
        work.put(_handed_over(ours, taker, now))
        return
    if not any(surface in suspicions for surface in ours.surfaces):
        work.put(_ended(ours, now))
        return
    strong = [s for s in _uncovered(work, suspicions, now) if _is_strong(s, cases, seen)]
    new = [surface for surface in strong if surface not in ours.surfaces]
    told = _wider(ours.visibility, _visibility(strong, cases, seen)) if strong else ours.visibility
    if new or told != ours.visibility:
        changes = tuple(SurfaceChange(s, Severity.UP, Severity.DEGRADED) for s in new)
        surfaces = {**ours.surfaces, **{s: _impact() for s in new}}
        text = describe([cases[s] for s in new or strong if s in cases], work.label)
        spread = replace(ours, surfaces=surfaces, visibility=told)
        work.put(_with_news(spread, EventKind.UPDATE, now, Severity.DEGRADED, text, changes))


def _wider(before: tuple[str, ...], now: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*before, *now})) if before and now else ()


def _is_strong(surface: str, cases: Mapping[str, Suspicion], seen: Signals) -> bool:
    case = cases.get(surface)
    return surface in seen.overwhelming or (case is not None and case.suspected)


def _open_one(work: SuspectedWork) -> Incident | None:
    return next(
        (i for i in work.incidents.values() if i.origin is Origin.SUSPECTED and i.is_open), None
    )


def _open(
    work: SuspectedWork,
    provider: str,
    suspicions: Mapping[str, SuspicionState],
    cases: Mapping[str, Suspicion],
    seen: Signals,
    now: datetime,
) -> None:
    strong = [s for s in _uncovered(work, suspicions, now) if _is_strong(s, cases, seen)]
    if not strong or _open_one(work) is not None:
        return
    changes = tuple(SurfaceChange(s, Severity.UP, Severity.DEGRADED) for s in strong)
    text = describe([cases[s] for s in strong if s in cases], work.label)
    ended = _ended_lately(work, strong, now)
    if ended is not None:
        surfaces = {**ended.surfaces, **{s: _impact() for s in strong}}
        told = _wider(ended.visibility, _visibility(strong, cases, seen))
        again = replace(ended, ended_at=None, phase="suspected", surfaces=surfaces, visibility=told)
        work.put(_with_news(again, EventKind.REOPENED, now, Severity.DEGRADED, text, changes))
        return
    fresh = Incident(
        provider=provider,
        id=f"suspected-{strong[0].replace('/', '-')}-{int(now.timestamp())}",
        title="Suspected trouble, not confirmed by the provider",
        phase="suspected",
        origin=Origin.SUSPECTED,
        started_at=now,
        severity=Severity.DEGRADED,
        worst=Severity.DEGRADED,
        surfaces={surface: _impact() for surface in strong},
        suspected_at=now,
        visibility=_visibility(strong, cases, seen),
    )
    work.put(_with_news(fresh, EventKind.OPENED, now, Severity.DEGRADED, text, changes))


def _ended_lately(work: SuspectedWork, surfaces: Iterable[str], now: datetime) -> Incident | None:
    wanted = set(surfaces)
    return next(
        (
            i
            for i in work.incidents.values()
            if i.origin is Origin.SUSPECTED
            and i.official_at is None
            and i.ended_at is not None
            and now - i.ended_at <= CONTINUES
            and wanted & i.surfaces.keys()
        ),
        None,
    )


def _impact() -> Impact:
    return Impact(now=Severity.DEGRADED, worst=Severity.DEGRADED)


def _taker(
    work: SuspectedWork, ours: Incident, suspicions: Mapping[str, SuspicionState]
) -> Incident | None:
    """An incident of the provider, older than our suspicion, that by now has all of it."""
    left = {s for s in ours.surfaces if s in suspicions}
    for incident in work.incidents.values():
        down = {s for s, impact in incident.surfaces.items() if impact.now.is_impaired}
        if left and incident.is_open and is_official(incident) and left <= down:
            return incident
    return None


def _handed_over(ours: Incident, taker: Incident, now: datetime) -> Incident:
    """The provider has it now, in another thread: an end, but neither recovery nor false alarm."""
    changes = tuple(
        SurfaceChange(s, i.now, Severity.UP, released=True)
        for s, i in ours.surfaces.items()
        if i.now.is_impaired
    )
    over = replace(
        ours,
        phase=HANDED_OVER,
        ended_at=now,
        official_at=now,
        surfaces={s: Impact(Severity.UP, i.worst) for s, i in ours.surfaces.items()},
    )
    told = _with_news(over, EventKind.RESOLVED, now, Severity.UP, "", changes)
    note = f"The provider now tracks this as “{taker.title}”."
    return replace(told, events=(*told.events[:-1], replace(told.events[-1], note=note)))


def _ended(ours: Incident, now: datetime) -> Incident:
    changes = tuple(
        SurfaceChange(s, i.now, Severity.UP) for s, i in ours.surfaces.items() if i.now.is_impaired
    )
    over = replace(
        ours,
        phase="nothing confirmed",
        ended_at=now,
        surfaces={s: Impact(Severity.UP, i.worst) for s, i in ours.surfaces.items()},
    )
    return _with_news(over, EventKind.RESOLVED, now, Severity.UP, NOTHING_CONFIRMED, changes)


def _with_news(
    incident: Incident,
    kind: EventKind,
    now: datetime,
    severity: Severity,
    text: str,
    changes: tuple[SurfaceChange, ...],
) -> Incident:
    event = IncidentEvent(
        revision=incident.revision + 1,
        kind=kind,
        key=f"{incident.id}/{kind.value}/{int(now.timestamp())}",
        at=now,
        observed_at=now,
        severity=severity,
        phase=incident.phase,
        text=text,
        changes=changes,
    )
    timeline = incident.timeline
    if not timeline or timeline[-1][1] is not severity:
        timeline = (*timeline, (now, severity))
    return replace(incident, severity=severity, events=(*incident.events, event), timeline=timeline)


def describe(cases: Iterable[Suspicion], label: Callable[[str], str]) -> str:
    """One line for each thing seen, probes first, without repeating what two surfaces share."""
    pieces = [(piece.surface, piece) for case in cases for piece in case.against]
    pieces.sort(key=lambda pair: source_names().index(pair[1].source))
    lines: dict[str, list[str]] = {}
    for surface, piece in pieces:
        lines.setdefault(piece.says, []).append(label(surface))
    return "\n".join(f"{', '.join(surfaces)}: {says}" for says, surfaces in lines.items())
