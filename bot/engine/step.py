"""The engine: (state, snapshot, now) → (state, incidents with new events), in five stages.

Pure and total: any two snapshots yield events, none raises. The same poll taken in twice emits
nothing the second time (but confirms a component's change for the worse, see `components`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.domain.incident import Incident
from bot.domain.page import Snapshot
from bot.domain.state import State
from bot.engine.attribution import attribute
from bot.engine.components import believe, explained
from bot.engine.endings import archive, conclude, credible, with_endings
from bot.engine.events import emit
from bot.engine.incidents import listed_incidents, observe
from bot.engine.poll import Poll
from bot.engine.throttle import damp, limit_openings


def step(
    state: State | None, snapshot: Snapshot, now: datetime, catalog: Catalog
) -> tuple[State, list[Incident]]:
    """Take in one poll of a page.

    Returns the next state, and every incident that has new events, in the order of these. The
    first poll (`state` None) is the beginning: running incidents are taken up with one `OPENED`
    event each, so that a thread can join them midway, but none is returned.

    1. observe: what the page says of each incident, and whether it says that it is over
    2. attribute: whose each component is that is down; those of nobody make derived incidents
    3. conclude: how did each incident end, if it ended
    4. emit: what changed, as numbered events; what keeps changing is held back (`throttle`)
    5. archive: what can change no more leaves the state
    """
    first = state is None
    if state is not None and snapshot.age and now - snapshot.age < state.observed_at:
        # A copy out of some cache, older than what was seen already: nothing is learnt from it.
        return state, []
    if state is None:
        state = State(snapshot.provider, now, now)
    elif not (snapshot.components or snapshot.incidents or snapshot.recent) and any(
        component.listed for component in state.components.values()
    ):
        # Taken at its word, everything open would have ended.
        return on_failure(state, "the page lists nothing at all", now), []
    snapshot = credible(state, snapshot, now)
    listed = listed_incidents(snapshot)
    components, flaps = believe(
        state.components,
        snapshot,
        now,
        None if first else state.observed_at,
        explained(state, listed, snapshot),
    )
    poll = Poll(catalog.provider(snapshot.provider), state, snapshot, components, now, first)
    observed = with_endings(poll, observe(poll, listed))
    # Of most incidents nothing is said any more. They go straight to stage 5, but for derived
    # ones, whose components may go down again.
    active = {id_: seen for id_, seen in observed.items() if seen.derived or not seen.adds_nothing}
    attributed = attribute(poll, active)
    concluded = {id_: conclude(poll, one) for id_, one in attributed.items()}
    emitted = {id_: emit(poll, one) for id_, one in concluded.items()}
    emitted = limit_openings(concluded, emitted)
    damped = damp(poll, concluded, emitted)
    emitted = {id_: incident for id_, (incident, _) in damped.items()}
    steadiness = {id_: steady for id_, (_, steady) in damped.items()}
    after = replace(
        archive(poll, observed, concluded, emitted, steadiness),
        observed_at=now - snapshot.age,
        page_updated_at=snapshot.updated_at or state.page_updated_at,
        history_at=now if snapshot.recent is not None else state.history_at,
        history_for=snapshot.updated_at if snapshot.recent is not None else state.history_for,
        components=components,
        debounced=state.debounced + flaps,
        failing_since=None,
        failure="",
    )
    told = {id_: len(one.seen.incident.events) for id_, one in concluded.items()}
    changed = [incident for id_, incident in emitted.items() if incident.events[told[id_] :]]
    changed.sort(key=lambda incident: incident.events[told[incident.id]].at)
    return after, [] if first else changed


def on_failure(state: State, error: str, now: datetime) -> State:
    """The page cannot be read: remember since when and why. Nothing else changes."""
    return replace(state, failing_since=state.failing_since or now, failure=error)
