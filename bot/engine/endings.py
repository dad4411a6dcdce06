"""Stages 3 and 5, conclude and archive: how incidents ended, and which can change no more.

Leaving the summary is the normal sign of an end, so only the page's history list can tell a
resolved incident from one that was deleted, or that fell off the end of the list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.incident import Ending, Incident, Origin
from bot.domain.page import PageIncident, PageList, Severity, Snapshot
from bot.domain.state import State, Steadiness
from bot.engine.incidents import REOPENS_WITHIN
from bot.engine.poll import Observation, Poll
from bot.engine.stages import Attribution, Conclusion

# Where no list tells that an incident can change no more (guess).
ARCHIVED_AFTER = timedelta(days=2)
# A list may be a few seconds older than the end that the summary showed (guess, amply).
LIST_LAGS = timedelta(minutes=1)
# An open incident that left a page without rows may come back for so long (guess: as long as one
# that ended may be reopened). 10 of 165 of AWS's events left the list while they were open.
UNDECIDED_FOR = REOPENS_WITHIN
# Ids; twenty times the length of Statuspage's list (50).
ARCHIVED_KEPT = 1000
# A page that says it has not changed is asked for its list again after this time (guess).
HISTORY_EVERY = timedelta(minutes=10)


def needed_lists(state: State | None, summary: Snapshot, *, now: datetime) -> frozenset[PageList]:
    """The lists to read beside `summary`: the history when the page changed since it was read,
    from time to time, and whenever something open left the summary, since its end stands there.
    """
    if state is None or state.history_at is None or state.history_for is None:
        return frozenset({PageList.INCIDENTS})
    listed = {incident.id for incident in summary.incidents}
    left = [
        incident
        for incident in state.incidents.values()
        if incident.is_open
        and incident.origin is Origin.PROVIDER
        and not listed.intersection(incident.ids)
    ]
    if any(incident.maintenance for incident in left):
        return frozenset(PageList)
    changed = summary.updated_at != state.history_for
    if left or changed or now - state.history_at >= HISTORY_EVERY:
        return frozenset({PageList.INCIDENTS})
    return frozenset()


def credible(state: State, snapshot: Snapshot, now: datetime) -> Snapshot:
    """The snapshot without what its silence cannot prove.

    A page may forget one incident; one that forgets all of them at once is broken: its history
    list was not read then. Where components are made of the incidents that a page lists, those of
    an open one that it does not list are unknown, not up.
    """
    known = sum(1 for track in state.tracks.values() if track.page_end is not None)
    if snapshot.recent == () and known >= 2:
        snapshot = replace(snapshot, recent=None)
    if not snapshot.derived or not snapshot.has_history:
        return snapshot
    listed = {page.id for page in (*snapshot.incidents, *(snapshot.recent or ()))}
    unclear = set[str]()
    for incident in state.incidents.values():
        track = state.tracks[incident.id]
        official = incident.origin is not Origin.OURS and not incident.maintenance
        missing = official and incident.is_open and listed.isdisjoint(incident.ids)
        if missing and not _is_given_up(track.missing_since, now):
            unclear.update(id_ for id_, link in track.links.items() if link.severity.is_impaired)
    status = Ending.NOT_LISTED.value
    components = tuple(
        replace(component, severity=Severity.UNKNOWN, status=status)
        if component.id in unclear and not component.severity.is_impaired
        else component
        for component in snapshot.components
    )
    return replace(snapshot, components=components)


def with_endings(poll: Poll, observed: Mapping[str, Observation]) -> dict[str, Observation]:
    """Return the observations with their endings, as far as the page tells them."""
    # Maintenance is left out of the list: pages keep it elsewhere.
    recent = poll.snapshot.recent
    listed = None if recent is None else {p.id: p for p in recent if not p.maintenance}
    after = dict(observed)
    for id_, seen in observed.items():
        official = seen.page is None and not (seen.derived or seen.incident.maintenance)
        if official and seen.incident.is_open and poll.unproven_absence:
            since = seen.before.missing_since or poll.now
            given_up = _is_given_up(seen.before.missing_since, poll.now)
            after[id_] = replace(
                seen,
                track=replace(seen.track, missing_since=since),
                ending=Ending.NOT_LISTED if given_up else Ending.UNDECIDED,
            )
        elif (ending := _on_page(poll, seen, listed)) is not seen.ending:
            after[id_] = replace(seen, ending=ending)
    return after


def _is_given_up(missing_since: datetime | None, now: datetime) -> bool:
    return missing_since is not None and now - missing_since >= UNDECIDED_FOR


def _on_page(poll: Poll, seen: Observation, listed: Mapping[str, PageIncident] | None) -> Ending:
    incident = seen.incident
    if seen.page is not None:
        ending = Ending.RESOLVED if seen.page.has_ended else Ending.NONE
    elif not incident.is_open:
        proves = listed is not None and not poll.snapshot.derived
        deleted = proves and _deleted_after_its_end(poll, seen, listed or {})
        ending = Ending.WITHDRAWN if deleted else incident.ending
    elif seen.derived:
        ending = Ending.NONE
    elif incident.maintenance:
        # It leaves the summary when it is over, or was called off before it began.
        begins = incident.scheduled_for
        early = incident.phase == "scheduled" and begins is not None and poll.now < begins
        ending = Ending.CALLED_OFF if early else Ending.RESOLVED
    elif listed is None:
        ending = Ending.UNDECIDED if poll.snapshot.has_history else Ending.RESOLVED
    elif not listed.keys().isdisjoint(incident.ids):
        # It is open there: one of the two is old, the next poll will show it.
        ending = Ending.UNDECIDED
    else:
        oldest = min((page.created_at for page in listed.values()), default=None)
        fell = poll.snapshot.recent_full and oldest is not None and incident.started_at < oldest
        ending = Ending.FELL_OFF if fell else Ending.WITHDRAWN
    return ending


def _deleted_after_its_end(
    poll: Poll, seen: Observation, listed: Mapping[str, PageIncident]
) -> bool:
    incident, end = seen.incident, seen.before.page_end
    if seen.derived or incident.maintenance or incident.withdrawn or end is None:
        return False
    if poll.now - end < LIST_LAGS or not listed.keys().isdisjoint(incident.ids):
        return False
    # The list is sorted by end: what ended before its last row fell off.
    ends = [page.resolved_at for page in listed.values() if page.resolved_at]
    return not poll.snapshot.recent_full or bool(ends and end > min(ends))


def conclude(poll: Poll, one: Attribution) -> Conclusion:
    """Return how it ended, once its components are known."""
    seen, ending, at = one.seen, one.seen.ending, None
    if seen.derived and not one.is_over and not one.is_impaired:
        # Without a word of the provider its components say that it is over.
        ending = one.released_as if one.released_as.is_over else Ending.RESOLVED
        # One that kept changing has been up since its last change.
        at = one.moved_at or next((left.at for left in reversed(seen.before.steadiness.left)), None)
        at = None if ending is Ending.HANDED_OVER else at
    elif one.reopened:
        ending = Ending.NONE
    elif ending.is_over and seen.incident.is_open:
        at = seen.page.end_at if seen.page else seen.track.missing_since or poll.now
    return Conclusion(one, ending, at)


def ended_at(poll: Poll, one: Conclusion) -> datetime | None:
    """Return its end; of one that is followed beyond the page's end, that of its last component."""
    if not one.ending.is_over:
        return None
    incident, moved_at = one.seen.incident, one.owned.moved_at
    if incident.ended_at is None:
        return max(one.at or poll.now, incident.started_at)
    if incident.severity.is_impaired and not one.owned.follows and moved_at:
        return max(incident.ended_at, moved_at)
    return incident.ended_at


def may_archive(
    incident: Incident, listed: Collection[str] | None, now: datetime, *, has_history: bool
) -> bool:
    """Can nothing more come of an incident that is not followed? Over, and off the page's list.

    `listed` are the ids of the history list; None: not read.
    """
    end = incident.ended_at
    if end is None or now - end <= REOPENS_WITHIN:
        return False
    if incident.origin is Origin.OURS or incident.maintenance or not has_history:
        return now - end > ARCHIVED_AFTER
    return listed is not None and not any(id_ in listed for id_ in incident.ids)


def archive(
    poll: Poll,
    observed: Mapping[str, Observation],
    concluded: Mapping[str, Conclusion],
    emitted: Mapping[str, Incident],
    steadiness: Mapping[str, Steadiness],
) -> State:
    """Return the state with the incidents that may still change, and the ids of the others."""
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
