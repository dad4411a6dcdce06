"""Suspected incidents: opened on our own evidence, continued by the provider's, or ended.

Pure, and run after every step of the engine, on its result. One suspected incident is open at a
time, whatever it spreads to: one event is one thread. It opens when a surface that the page calls
up is suspected (see `evidence.suspicion`). If the provider posts within `CONTINUES` on one of its
surfaces, its incident goes on in the same thread as official. If the evidence stays below the
threshold for `CALM`, it ends as "nothing confirmed" and counts as a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.domain.incident import Ending, EventKind, Incident, Origin
from bot.domain.page import Severity
from bot.domain.state import State, SuspicionState
from bot.engine.confirmation import CONTINUES, Detected, continue_as_official
from bot.engine.reported import with_reports
from bot.engine.suspected import ended, suspected_in, with_surfaces
from bot.evidence.sources import label_of, source_named, source_names
from bot.evidence.suspicion import Signals, Suspicion, case_against

CALM = timedelta(minutes=10)  # guess: a gap between two reports of one event
# What people still say after the provider's own end is the tail of the same event (guess).
AFTERMATH = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Evidenced:
    """The evidence against the surfaces of a page at one moment."""

    signals: Signals
    cases: Mapping[str, Suspicion]
    suspicions: Mapping[str, SuspicionState]
    now: datetime
    label: Callable[[str], str]  # how a surface is written for people

    @classmethod
    def at(
        cls,
        now: datetime,
        signals: Signals,
        old: Mapping[str, SuspicionState],
        label: Callable[[str], str],
    ) -> Evidenced:
        """Add up these signals; what was suspected (`old`) lingers until it has been calm."""
        surfaces = [*(piece.surface for piece in signals.evidence), *signals.local]
        cases = {surface: case_against(surface, signals.evidence, now) for surface in surfaces}
        kept: dict[str, SuspicionState] = {}
        for surface in [*old, *(s for s in cases if s not in old)]:
            was, case = old.get(surface), cases.get(surface)
            strong = surface in signals.local or (case is not None and case.opens)
            lingers = was is not None and case is not None and not case.calm
            if strong or lingers:
                kept[surface] = SuspicionState(was.since if was else now, now)
            elif was and now - was.last < CALM:
                kept[surface] = was
        return cls(signals, cases, kept, now, label)

    def is_strong(self, surface: str) -> bool:
        """Does it suffice now, be it for some workspaces alone?"""
        case = self.cases.get(surface)
        return surface in self.signals.local or (case is not None and case.opens)

    def visible_to(self, surfaces: Iterable[str]) -> tuple[str, ...]:
        """Everyone (empty), unless nothing but the people of some workspaces speak."""
        owners: set[str] = set()
        for surface in surfaces:
            case = self.cases.get(surface)
            if case is not None and case.opens:
                return ()
            owners.update(self.signals.local.get(surface, ()))
        return tuple(sorted(owners))

    def in_words(self, surfaces: Iterable[str]) -> str:
        """One line for each thing seen, by source, without repeating what surfaces share."""
        rank = {name: place for place, name in enumerate(source_names())}
        cases = [self.cases[surface] for surface in surfaces if surface in self.cases]
        pieces = [piece for case in cases for piece in case.against]
        lines: dict[str, list[str]] = {}
        for piece in sorted(pieces, key=lambda piece: rank[piece.source]):
            # Our own evidence says whose it is; the crowd's figures need their source.
            own = source_named(piece.source).opens
            says = piece.says if own else f"{label_of(piece.source)}, {piece.says}"
            lines.setdefault(says, []).append(self.label(piece.surface))
        return "\n".join(f"{', '.join(labels)}: {says}" for says, labels in lines.items())


def detect(
    before: State | None,
    state: State,
    changed: Sequence[Incident],
    signals: Signals,
    now: datetime,
    catalog: Catalog,
) -> tuple[State, tuple[Incident, ...]]:
    """Set the evidence besides the page against the engine's result.

    `before` is the whole state; the engine's step started from it `without_suspected`, and `state`
    and `changed` are its result (after a failed poll: as it was, and nothing). Returns both anew,
    ready to be committed.
    """
    provider = catalog.provider(state.provider)
    kept = {**suspected_in(before), **state.incidents}
    found = Detected(replace(state, incidents=kept), {i.id: i for i in changed}, provider)
    found = continue_as_official(found, before, now)
    seen = Evidenced.at(now, signals, before.suspicions if before else {}, catalog.label)
    for incident in found.official:
        # Our evidence may come after the provider's word: remembered for the scoreboard.
        hits = [seen.suspicions[s].since for s in incident.surfaces if s in seen.suspicions]
        if hits and incident.is_open and not incident.suspected_at:
            hit_at = max(min(hits), incident.started_at)
            found = found.put(replace(incident, suspected_at=hit_at))
    if (ours := next((i for i in found.suspected if i.is_open), None)) is not None:
        found = _continued(found, ours, seen)
    if not any(incident.is_open for incident in found.suspected):
        found = _opened(found, seen)
    # What can neither be continued nor reopened any more lives in the store alone.
    old = {i.id for i in found.suspected if i.ended_at and now - i.ended_at > CONTINUES}
    incidents = {
        id_: with_reports(incident, signals.reported)
        for id_, incident in found.state.incidents.items()
        if id_ not in old
    }
    after = replace(found.state, incidents=incidents, suspicions=seen.suspicions)
    return after, tuple(incidents.get(i.id, i) for i in found.changed.values())


def _uncovered(found: Detected, seen: Evidenced) -> list[str]:
    """Surfaces strongly suspected now about which the page says nothing, nor just did."""
    covered: set[str] = set()
    for incident in found.state.incidents.values():
        if incident.origin is Origin.SUSPECTED:
            continue
        if incident.is_open:
            covered.update(s for s, i in incident.surfaces.items() if i.now is not Severity.UP)
            # What was suspected when the provider confirmed a part of it is the same event.
            said_at = incident.official_at or incident.started_at
            covered.update(
                surface
                for surface in incident.surfaces
                if (was := seen.suspicions.get(surface)) and was.since <= said_at
            )
        elif incident.ended_at and seen.now - incident.ended_at < AFTERMATH:
            covered.update(incident.surfaces)
    return [
        surface
        for surface, suspicion in seen.suspicions.items()
        if surface not in covered and suspicion.last == seen.now and seen.is_strong(surface)
    ]


def _continued(found: Detected, ours: Incident, seen: Evidenced) -> Detected:
    """The open suspected incident handed over, ended, spread, or as it was."""
    left = {surface for surface in ours.surfaces if surface in seen.suspicions}
    for theirs in found.official:
        down = {s for s, impact in theirs.surfaces.items() if impact.now.is_impaired}
        if left and theirs.is_open and left <= down:
            # One that is older than the suspicion has all of it by now, in another thread: an
            # end, but neither recovery nor false alarm.
            note = f"The provider now tracks this as “{theirs.title}”."
            over = replace(ours, official_at=seen.now)
            return found.put(ended(over, Ending.HANDED_OVER, seen.now, note=note))
    if not left:
        text = "Nothing was confirmed: what we saw has died down."
        return found.put(ended(ours, Ending.RESOLVED, seen.now, text=text))
    strong = _uncovered(found, seen)
    new = [surface for surface in strong if surface not in ours.surfaces]
    visibility = _wider(ours.visibility, seen.visible_to(strong)) if strong else ours.visibility
    if new or visibility != ours.visibility:
        spread = replace(ours, visibility=visibility)
        text = seen.in_words(new or strong)
        found = found.put(with_surfaces(spread, EventKind.UPDATE, seen.now, new, text))
    return found


def _opened(found: Detected, seen: Evidenced) -> Detected:
    """A new suspected incident for what nothing covers, or one reopened that ended lately."""
    strong = _uncovered(found, seen)
    if not strong:
        return found
    text, visibility = seen.in_words(strong), seen.visible_to(strong)
    for old in found.suspected:
        lately = old.ended_at is not None and seen.now - old.ended_at <= CONTINUES
        if old.official_at or not lately or old.surfaces.keys().isdisjoint(strong):
            continue
        again = replace(
            old,
            ended_at=None,
            ending=Ending.NONE,
            phase="suspected",
            visibility=_wider(old.visibility, visibility),
        )
        return found.put(with_surfaces(again, EventKind.REOPENED, seen.now, strong, text))
    fresh = Incident(
        provider=found.state.provider,
        id=f"suspected-{strong[0].replace('/', '-')}-{int(seen.now.timestamp())}",
        title="Suspected trouble, not confirmed by the provider",
        phase="suspected",
        origin=Origin.SUSPECTED,
        started_at=seen.now,
        severity=Severity.DEGRADED,
        worst=Severity.DEGRADED,
        suspected_at=seen.now,
        visibility=visibility,
    )
    return found.put(with_surfaces(fresh, EventKind.OPENED, seen.now, strong, text))


def _wider(before: tuple[str, ...], now: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*before, *now})) if before and now else ()
