"""When a page that cannot be read is worth a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.incident import Impact, Incident, Origin
from bot.domain.page import Severity
from bot.domain.state import State
from bot.engine.blindness import with_blindness
from tests.unit.engine.build import MAJOR, PARTIAL, START, UP, minute

AFTER = timedelta(minutes=10)
OUTAGE = Incident(
    "claude",
    "x1",
    "API errors",
    "investigating",
    Origin.PROVIDER,
    START,
    MAJOR,
    MAJOR,
    surfaces={"api": Impact(MAJOR, MAJOR), "console": Impact(UP, PARTIAL)},
)


def failing(*incidents: Incident, since: float = 0) -> State:
    return State(
        "claude", START, START, incidents={i.id: i for i in incidents}, failing_since=minute(since)
    )


def test_a_page_that_fails_for_long_during_an_incident_is_said_with_what_was_known_last() -> None:
    assert with_blindness(failing(OUTAGE), minute(9), AFTER).blindness is None
    found = with_blindness(failing(OUTAGE), minute(10), AFTER).blindness
    assert found is not None
    assert (found.since, found.noticed_at, found.worst) == (START, minute(10), MAJOR)
    assert found.surfaces == {"api": Impact(MAJOR, MAJOR)}


@pytest.mark.parametrize("by_default", [True, False])
def test_it_concerns_those_whom_the_incident_concerns(by_default: bool) -> None:
    going_on = replace(OUTAGE, by_default=by_default)
    found = with_blindness(failing(going_on), minute(10), AFTER).blindness
    assert found is not None
    assert found.by_default is by_default


@pytest.mark.parametrize(
    "change",
    [
        {"ended_at": minute(1)},
        {"severity": Severity.MAINTENANCE},
        {"severity": UP},
        {"quiet": True},
        {"visibility": ("slack/T1",)},
    ],
)
def test_a_page_that_fails_while_nothing_is_wrong_is_not_said(change: dict[str, object]) -> None:
    calm = replace(OUTAGE, **change)  # type: ignore[arg-type]  # fields of an incident
    assert with_blindness(failing(calm), minute(60), AFTER).blindness is None


def test_strong_evidence_alone_is_enough() -> None:
    suspected = replace(OUTAGE, origin=Origin.SUSPECTED, severity=Severity.DEGRADED)
    assert with_blindness(failing(suspected), minute(11), AFTER).blindness is not None


def test_it_is_noticed_once_and_ends_once_and_the_next_is_another() -> None:
    begun = with_blindness(failing(OUTAGE), minute(10), AFTER)
    assert with_blindness(begun, minute(30), AFTER) is begun
    again = replace(begun, failing_since=None)
    over = with_blindness(again, minute(31), AFTER)
    assert over.blindness is not None
    assert over.blindness.ended_at == minute(31)
    assert with_blindness(over, minute(32), AFTER) is over
    later = with_blindness(replace(over, failing_since=minute(40)), minute(50), AFTER)
    assert later.blindness is not None
    assert later.blindness.key != over.blindness.key
