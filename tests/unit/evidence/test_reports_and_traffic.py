"""People's reports and the team's own traffic: when they are heard, and by whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.page import Severity
from bot.evidence import reports, traffic
from bot.evidence.reports import ReportCount, here, overwhelming, quorum
from bot.evidence.suspicion import AGREE, ALONE
from bot.evidence.traffic import TrafficCounts, lower_share

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)


def report_count(people: int, members: int | None = None, owner: str = "slack/T1") -> ReportCount:
    return ReportCount(owner, "C1", "code", people, NOW, NOW, members)


@pytest.mark.parametrize(
    ("members", "voices"), [(None, 3), (3, 2), (60, 2), (100, 3), (300, 9), (5000, 12)]
)
def test_a_larger_channel_needs_more_voices(members: int | None, voices: int) -> None:
    assert quorum(members) == voices


def test_below_the_quorum_reports_are_a_murmur_and_at_it_a_voice() -> None:
    assert (
        reports.evidence([report_count(2)])[0].weight
        < AGREE
        <= reports.evidence([report_count(3)])[0].weight
    )


@given(st.integers(1, 10_000), st.one_of(st.none(), st.integers(1, 10_000)))
def test_the_people_of_one_workspace_alone_never_alarm_the_others(
    people: int, members: int | None
) -> None:
    assert reports.evidence([report_count(people, members)])[0].weight < ALONE


def test_three_workspaces_that_say_the_same_suffice() -> None:
    said = reports.evidence([report_count(3, owner=f"slack/T{n}") for n in range(3)])

    assert said[0].weight >= ALONE
    assert said[0].says == "9 people report trouble"


def test_three_channels_of_one_workspace_are_still_one_workspace() -> None:
    assert reports.evidence([report_count(3), report_count(3), report_count(3)])[0].weight < ALONE


def test_many_voices_suffice_for_their_own_workspace() -> None:
    many = [report_count(9), report_count(2, owner="slack/T2")]

    assert overwhelming(many) == {"code": ("slack/T1",)}
    assert here(many, "slack/T1")[0].weight >= ALONE
    assert here(many, "slack/T2")[0].weight < AGREE
    assert here(many, "slack/T2")[0].says == "2 people here report trouble"


def counts(bad: int, good: int) -> TrafficCounts:
    return TrafficCounts("opus", good, bad, NOW, NOW)


@pytest.mark.parametrize(("bad", "good"), [(0, 0), (3, 1), (4, 0), (0, 19)])
def test_too_little_traffic_says_nothing(bad: int, good: int) -> None:
    assert traffic.evidence([counts(bad, good)]) == []


def test_an_ordinary_share_of_failures_is_up() -> None:
    said = traffic.evidence([counts(2, 98)])[0]

    assert said.severity is Severity.UP


@pytest.mark.parametrize(("bad", "good", "least"), [(20, 80, AGREE), (80, 20, ALONE)])
def test_a_failing_share_weighs_by_how_sure_it_is(bad: int, good: int, least: float) -> None:
    said = traffic.evidence([counts(bad, good)])[0]

    assert said.weight >= least
    assert said.severity is Severity.DEGRADED
    assert said.says == f"{bad} of our own 100 requests failed"


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_lower_end_lies_below_the_share_itself(bad: int, good: int) -> None:
    if bad + good:
        assert 0 <= lower_share(bad, bad + good) <= bad / (bad + good) + 1e-9
