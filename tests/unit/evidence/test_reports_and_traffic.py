"""People's reports and the team's own traffic: when they are heard, and by whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.evidence import Evidence, Source
from bot.domain.page import Severity
from bot.evidence import reports, traffic
from bot.evidence.collector import local_suspicions
from bot.evidence.reports import ReportCount, here, quorum
from bot.evidence.suspicion import AGREE, ALONE
from bot.evidence.traffic import TrafficCounts, lower_share

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)


def report_count(
    people: int,
    members: int | None = None,
    owner: str = "slack/T1",
    subscribed_at: datetime | None = LONG_AGO,
    elsewhere: int = 0,
) -> ReportCount:
    return ReportCount(
        owner, "C1", "code", people, NOW, NOW, members, subscribed_at, elsewhere=elsewhere
    )


def weight(*counts: ReportCount) -> float:
    """What they weigh for everybody."""
    return reports.evidence(counts, NOW)[0].weight


@pytest.mark.parametrize(
    ("members", "voices"), [(None, 3), (3, 2), (60, 2), (100, 3), (300, 9), (5000, 12)]
)
def test_a_larger_channel_needs_more_voices(members: int | None, voices: int) -> None:
    assert quorum(members) == voices


def test_below_the_quorum_reports_are_a_murmur_and_at_it_a_voice() -> None:
    assert weight(report_count(2)) < AGREE <= weight(report_count(3))


@given(
    st.lists(
        st.builds(
            report_count,
            st.integers(1, 10_000),
            st.none() | st.integers(1, 10_000),
            st.sampled_from([f"slack/T{n}" for n in range(20)]),
        ),
        min_size=1,
    )
)
def test_reports_alone_never_alarm_other_workspaces(counts: list[ReportCount]) -> None:
    assert weight(*counts) < ALONE


def test_three_workspaces_that_say_the_same_weigh_more_than_one() -> None:
    counts = [report_count(3, owner=f"slack/T{n}") for n in range(3)]

    assert weight(*counts) > weight(counts[0])
    assert reports.evidence(counts, NOW)[0].says == "9 people report trouble"


def test_three_channels_of_one_workspace_are_still_one_workspace() -> None:
    assert weight(*[report_count(3)] * 3) == weight(report_count(3))


@pytest.mark.parametrize(
    "channel",
    [
        report_count(12, subscribed_at=None),
        report_count(12, subscribed_at=NOW - timedelta(days=6)),
        report_count(4, members=4),
    ],
    ids=["not subscribed", "subscribed lately", "tiny"],
)
def test_workspaces_made_for_it_are_no_voice_for_others_and_one_for_themselves(
    channel: ReportCount,
) -> None:
    made = [replace(channel, owner=f"discord/{n}") for n in range(50)]

    assert weight(*made) < AGREE
    assert here(made, "discord/7")[0].weight >= AGREE


def test_a_person_who_reports_in_twelve_channels_is_one_person() -> None:
    again = [report_count(1, elsewhere=1, owner=f"discord/{n}") for n in range(11)]

    said = reports.evidence([report_count(1), *again], NOW)[0]

    assert said.says == "1 person reports trouble"
    assert said.weight == weight(report_count(1))


def test_the_same_people_in_three_workspaces_are_heard_once() -> None:
    same = [report_count(3, elsewhere=3, owner=f"discord/{n}") for n in range(2)]

    assert weight(report_count(3), *same) == weight(report_count(3))


def test_many_voices_suffice_for_their_own_workspace() -> None:
    many = [report_count(9), report_count(2, owner="slack/T2")]

    assert local_suspicions([], many, NOW) == {"code": ("slack/T1",)}
    assert here(many, "slack/T1")[0].weight >= ALONE
    assert here(many, "slack/T2")[0].weight < AGREE
    assert here(many, "slack/T2")[0].says == "2 people here report trouble"


def test_a_new_workspace_needs_no_more_voices_for_itself_where_a_probe_agrees() -> None:
    new = [report_count(3, subscribed_at=NOW)]
    probe = Evidence(Source.PROBE, "code", Severity.DEGRADED, NOW, weight=AGREE)

    assert local_suspicions([probe], new, NOW) == {"code": ("slack/T1",)}
    assert local_suspicions([], new, NOW) == {}


def counts(bad: int, good: int) -> TrafficCounts:
    return TrafficCounts("opus", good, bad, NOW, NOW)


@pytest.mark.parametrize(("bad", "good"), [(0, 0), (2, 1), (2, 0), (0, 19)])
def test_too_little_traffic_says_nothing(bad: int, good: int) -> None:
    assert traffic.evidence([counts(bad, good)]) == []


def test_three_that_gave_up_and_none_that_went_well_stand_alone() -> None:
    assert traffic.evidence([counts(3, 0)])[0].weight >= ALONE
    assert traffic.evidence([counts(3, 1)])[0].weight < ALONE


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
