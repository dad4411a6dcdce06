"""Pages without rows of their own: an open incident that is no longer listed is not over."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.incident import Ending, EventKind
from bot.domain.page import Component, PageIncident, Severity, Snapshot
from bot.domain.state import State
from bot.engine.endings import UNDECIDED_FOR
from bot.engine.step import step
from bot.status.view import status_view
from tests.unit.engine.build import CATALOG, IDS, PARTIAL, UP, minute, report, update

API = IDS["api"]


def page(*listed: PageIncident, severity: Severity = UP) -> Snapshot:
    return Snapshot(
        provider="claude",
        components=(Component(API, "API", severity, "as said"),),
        incidents=tuple(incident for incident in listed if not incident.has_ended),
        recent=listed,
        recent_full=True,
        derived=True,
    )


BEGUN = report("i", update("u1", 0, api=(UP, PARTIAL)), components=["api"])


def watched(*polls: tuple[float, Snapshot]) -> tuple[State, list[str]]:
    state, told = None, []
    for at, snapshot in polls:
        state, changed = step(state, snapshot, minute(at), CATALOG)
        told += [i.events[-1].kind.value for i in changed]
    assert state is not None
    return state, told


def severity_of_api(state: State, at: float) -> Severity:
    verdict = status_view(CATALOG, {"claude": state}, minute(at), ()).verdict("api")
    assert verdict is not None
    return verdict.severity


OPEN = ((-10, page()), (0, page(BEGUN, severity=PARTIAL)))


def test_what_it_had_down_is_unknown_when_it_is_gone_and_neither_up_nor_over() -> None:
    state, told = watched(*OPEN, (1, page()))
    assert told == ["opened"]
    assert state.incidents["i"].is_open
    assert severity_of_api(state, 1) is Severity.UNKNOWN


def test_it_comes_back_as_if_it_had_never_been_away() -> None:
    state, told = watched(*OPEN, (1, page()), (2, page(BEGUN, severity=PARTIAL)))
    assert told == ["opened"]
    assert severity_of_api(state, 2) is PARTIAL
    assert state.tracks["i"].missing_since is None


def test_after_two_hours_it_is_no_longer_listed_which_is_no_recovery() -> None:
    late = 1 + UNDECIDED_FOR / timedelta(minutes=1)
    state, told = watched(*OPEN, (1, page()), (late - 1, page()), (late, page()))
    assert told == ["opened", "resolved"]
    incident = state.incidents["i"]
    assert incident.ending is Ending.NOT_LISTED
    assert incident.events[-1].kind is EventKind.RESOLVED
    assert incident.events[-1].ending is Ending.NOT_LISTED
    assert incident.ended_at == minute(1)
    assert severity_of_api(state, late) is UP


def test_what_ended_and_left_the_list_was_not_withdrawn() -> None:
    over = report("i", BEGUN.updates[0], update("u2", 5, "resolved", api=(PARTIAL, UP)))
    _, told = watched(*OPEN, (6, page(over)), (10, page()), (20, page()))
    assert told == ["opened", "resolved"]
