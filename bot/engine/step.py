"""The engine: (state, snapshot, now) → (state, incidents with new events), in five stages.

Pure and total: any two snapshots yield events, none raises. The same poll taken in twice emits
nothing the second time (but confirms a component's change for the worse, see `components`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.domain.incident import Incident
from bot.domain.page import Snapshot
from bot.domain.state import State, Steadiness
from bot.engine.attribution import attribute
from bot.engine.components import believe, explained
from bot.engine.endings import conclude, credible, may_archive, with_endings
from bot.engine.events import emit
from bot.engine.incidents import listed_incidents, observe
from bot.engine.stages import Conclusion, Observation, Poll
from bot.engine.throttle import damp, limit_openings

ARCHIVED_KEPT = 1000  # ids; twenty times the length of Statuspage's list (50)


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
    if state is None:
        state = State(snapshot.provider, now, now, page_updated_at=snapshot.updated_at)
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
    damped = {id_: damp(poll, concluded[id_], one) for id_, one in emitted.items()}
    emitted = {id_: incident for id_, (incident, _) in damped.items()}
    steadiness = {id_: steady for id_, (_, steady) in damped.items()}
    after = replace(
        _archived(poll, observed, concluded, emitted, steadiness),
        observed_at=now,
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


def _archived(
    poll: Poll,
    observed: Mapping[str, Observation],
    concluded: Mapping[str, Conclusion],
    emitted: Mapping[str, Incident],
    steadiness: Mapping[str, Steadiness],
) -> State:
    """The state with the incidents that may still change, and the ids of the others."""
    state, recent = poll.state, poll.snapshot.recent
    left = list(state.archived)
    if state.history_at is None:
        # The first list: what had ended before the beginning is never news.
        known = state.our_ids
        left += [
            page.id
            for page in recent or ()
            if page.has_ended
            and page.id not in known
            and (poll.first or page.posted_at < state.began_at)
        ]
    listed = None if recent is None else {page.id for page in recent}
    has_history = poll.snapshot.has_history
    incidents = {**{id_: seen.incident for id_, seen in observed.items()}, **emitted}
    tracks = {}
    for id_, incident in list(incidents.items()):
        one = concluded.get(id_)
        follows = one is not None and one.owned.follows
        if not follows and may_archive(incident, listed, poll.now, has_history=has_history):
            left += [name for name in incident.ids if name not in left]
            del incidents[id_]
        elif one is None or one.adds_nothing:
            tracks[id_] = observed[id_].before
        else:
            tracks[id_] = replace(
                one.seen.track,
                links=one.owned.links,
                followed=follows,
                steadiness=steadiness[id_],
            )
    kept = tuple(left[-ARCHIVED_KEPT:])
    return replace(state, incidents=incidents, tracks=tracks, archived=kept)
