"""The engine emits today what it emitted when the digest was made, event by event."""

import pytest

from bot.domain.page import Severity
from tests.history.events_digest import RUNS, Emitted, difference, from_facts, stored
from tests.history.polling import taken_in


@pytest.mark.parametrize("name", RUNS)
def test_events_and_incidents_of_a_recording_are_the_stored_ones(name: str) -> None:
    assert difference(RUNS[name](), stored()[name]) is None


def test_every_stored_run_is_compared() -> None:
    assert stored().keys() == RUNS.keys()


def test_one_value_of_one_event_is_enough_to_differ_and_is_named() -> None:
    emitted = from_facts(taken_in)
    before = emitted.digest()
    changed = [list(event) for event in emitted.events]
    changed[7][6] = Severity.UNKNOWN.value

    found = difference(Emitted(changed, emitted.incidents), before)
    assert found is not None
    assert found.startswith("event 7 differs")
    shorter = difference(Emitted(emitted.events[:-1], emitted.incidents), before)
    assert shorter is not None
    assert "missing" in shorter
    longer = difference(Emitted([*emitted.events, []], emitted.incidents), before)
    assert longer is not None
    assert "one too many" in longer


def test_an_incident_that_ends_with_something_else_is_named() -> None:
    emitted = from_facts(taken_in)
    changed = [list(incident) for incident in emitted.incidents]
    changed[3][3] = "another phase"

    found = difference(Emitted(emitted.events, changed), emitted.digest())
    assert found is not None
    assert found.startswith("incident 3 differs")
