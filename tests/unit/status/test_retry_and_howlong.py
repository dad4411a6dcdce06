"""When to retry, and how long it may take."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.evidence import Evidence, Verdict
from bot.domain.incident import (
    Ending,
    EventKind,
    Impact,
    Incident,
    IncidentEvent,
    Origin,
    SurfaceChange,
)
from bot.domain.page import Severity
from bot.messages.advice import how_long_words
from bot.status.advice import Do, Outlook, Trend, advise, outlook
from bot.status.duration import FEWEST, expected_duration

NOW = datetime(2026, 7, 29, 20, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def verdict(
    severity: Severity, surface: str = "opus", *evidence: Evidence, suspected: bool = False
) -> Verdict:
    return Verdict(surface, severity, NOW, NOW, evidence, suspected=suspected)


def test_up_means_retry_now() -> None:
    assert advise(verdict(Severity.UP), Outlook(), (), NOW, 0.3).do is Do.NOW


def test_right_after_an_end_everybody_retries_so_wait_a_minute() -> None:
    over = Outlook(ended_at=NOW - 5 * MINUTE)

    assert advise(verdict(Severity.UP), over, (), NOW, 0).wait == MINUTE


@pytest.mark.parametrize("severity", [Severity.DEGRADED, Severity.PARTIAL, Severity.MAJOR])
def test_what_gets_better_is_worth_a_shorter_wait(severity: Severity) -> None:
    steady = advise(verdict(severity), Outlook("identified"), (), NOW, 0)
    better = advise(verdict(severity), Outlook("identified", Trend.BETTER), (), NOW, 0)

    assert better.wait < steady.wait


def test_a_major_outage_means_stop_unless_it_gets_better() -> None:
    assert advise(verdict(Severity.MAJOR), Outlook("investigating"), (), NOW, 0).do is Do.STOP
    assert advise(verdict(Severity.MAJOR), Outlook("monitoring"), (), NOW, 0).do is Do.BACK_OFF


def test_maintenance_says_when_it_ends() -> None:
    course = Outlook(until=NOW + 40 * MINUTE)

    assert advise(verdict(Severity.MAINTENANCE), course, (), NOW, 0).wait == 40 * MINUTE


@given(st.sampled_from(Severity), st.floats(0, 1))
def test_jitter_only_lengthens_and_by_half_at_most(severity: Severity, draw: float) -> None:
    advice = advise(verdict(severity), Outlook(), (), NOW, draw)

    assert advice.wait <= advice.retry_after <= advice.wait * 1.5


def incident(
    number: int = 0,
    minutes: float | None = 30,
    severity: Severity = Severity.DEGRADED,
    began: datetime = NOW - timedelta(days=3),
) -> Incident:
    return Incident(
        provider="claude",
        id=f"i{number}",
        title="t",
        phase="investigating",
        origin=Origin.PROVIDER,
        started_at=began,
        severity=severity,
        worst=severity,
        ended_at=None if minutes is None else began + timedelta(minutes=minutes),
        surfaces={"api": Impact(severity, severity)},
    )


def test_the_trend_is_read_from_the_last_change_of_that_surface() -> None:
    change = SurfaceChange("api", Severity.MAJOR, Severity.PARTIAL)
    event = IncidentEvent(
        1, EventKind.BETTER, "k", NOW, NOW, Severity.PARTIAL, "identified", "", (change,)
    )

    course = outlook("api", [replace(incident(minutes=None), events=(event,))])

    assert course == Outlook("investigating", Trend.BETTER)


def test_how_long_is_told_with_the_number_it_rests_on() -> None:
    past = [
        incident(n, minutes) for n, minutes in enumerate([10, 20, 30, 40, 50, 60, 70, 80, 90, 400])
    ]

    said = expected_duration(incident(99, None, began=NOW), past, NOW)

    assert said is not None
    assert (said.n, said.half, said.nine_in_ten) == (10, 50 * MINUTE, 90 * MINUTE)


def test_too_few_like_it_and_nothing_is_said() -> None:
    past = [incident(n) for n in range(FEWEST - 1)]

    assert expected_duration(incident(99, None, began=NOW), past, NOW) is None


def test_what_is_over_in_less_than_this_one_already_lasts_does_not_count() -> None:
    past = [incident(n, 30) for n in range(20)] + [incident(100 + n, 300) for n in range(8)]

    said = expected_duration(incident(99, None, began=NOW - timedelta(hours=1)), past, NOW)

    assert said is not None
    assert said.n == 8
    assert said.half == timedelta(minutes=300)


def test_the_same_severity_is_preferred_while_there_are_enough() -> None:
    past = [incident(n, 30) for n in range(8)]
    past += [incident(100 + n, 300, Severity.MAJOR) for n in range(8)]

    said = expected_duration(incident(99, None, Severity.MAJOR, began=NOW), past, NOW)

    assert said is not None
    assert said.half == timedelta(minutes=300)


def test_false_alarms_withdrawn_and_backdated_ones_are_no_experience() -> None:
    past = [incident(n) for n in range(7)]
    past += [
        replace(incident(20), origin=Origin.SUSPECTED),
        replace(incident(21), ending=Ending.WITHDRAWN),
        incident(22, minutes=0),
        replace(incident(23), maintenance=True),
        replace(incident(24), surfaces={"console": Impact(Severity.UP, Severity.DEGRADED)}),
    ]

    assert expected_duration(incident(99, None, began=NOW), past, NOW) is None


def test_what_is_compared_is_said_with_its_severity() -> None:
    mild = [incident(n, 30) for n in range(FEWEST)]
    said = expected_duration(incident(99, None, Severity.MAJOR, began=NOW), mild, NOW)
    assert said is not None
    assert not said.same_severity
    assert "8 incidents there, of any severity, half were over within 30 min" in how_long_words(
        said
    )
    assert "all of them in 30 min" in how_long_words(said)


def test_nine_in_ten_is_said_only_where_there_is_a_tenth() -> None:
    past = [incident(n, 10 * (n + 1)) for n in range(20)]
    said = expected_duration(incident(99, None, began=NOW), past, NOW)
    assert said is not None
    assert "20 incidents as bad as this" in how_long_words(said)
    assert "nine in ten in 3 h" in how_long_words(said)
