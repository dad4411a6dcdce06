"""Uptime figures: the rule, what is unknown, overlaps, and the error budget."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import WrongWords
from bot.domain.incident import Ending, Impact, Incident, Origin
from bot.domain.page import Severity
from bot.history.calendar import calendar_days, calendar_uptime
from bot.history.figures import Record, SurfaceUptime, uptime_report
from bot.history.looks import EVER
from bot.history.spans import READ, Observer, Span
from bot.history.uptime import error_budget
from tests.unit.messages.examples import MAJOR, NOW, OVER, PARTIAL, UP, ago

CLAUDE = load_catalog().provider("claude").surfaces
DAY = timedelta(days=1)
# Case 2: major for 40 min, then partial for 73 min.
OUTAGE = replace(
    OVER,
    started_at=ago(113),
    surfaces={"api": Impact(UP, MAJOR)},
    surface_timelines={"api": ((ago(113), MAJOR), (ago(73), PARTIAL))},
    timeline=((ago(113), MAJOR), (ago(73), PARTIAL)),
)


def of(
    *incidents: Incident,
    spans: tuple[Span, ...] = (),
    reach: datetime | None = EVER,
    length: timedelta = DAY,
    surface: str = "api",
    until: datetime = NOW,
) -> SurfaceUptime:
    if reach is not None:
        spans = (*spans, Span(Observer.LIST, READ, UP, reach, until))
    record = Record(incidents, spans, until)
    (found,) = uptime_report([surface], CLAUDE, record, NOW - length, NOW)
    return found


def test_an_outage_is_told_in_minutes_and_weighted_by_statuspages_rule() -> None:
    found = of(OUTAGE).official
    assert found.lengths[MAJOR] == timedelta(minutes=40)
    assert found.lengths[PARTIAL] == timedelta(minutes=73)
    assert found.weighted_down == timedelta(minutes=40 + 0.3 * 73)
    assert found.weighted == pytest.approx(1 - (40 + 0.3 * 73) / 1440)
    assert found.unweighted == pytest.approx(1 - 113 / 1440)
    assert (found.unknown, found.from_incidents, found.incidents) == (timedelta(0), DAY, 1)


def test_overlapping_incidents_count_once_at_the_worse() -> None:
    other = replace(
        OUTAGE, id="other", surface_timelines={"api": ((ago(90), PARTIAL),)}, ended_at=ago(10)
    )
    found = of(OUTAGE, other).official
    assert (found.lengths[MAJOR], found.lengths[PARTIAL]) == (
        timedelta(minutes=40),
        timedelta(minutes=73),
    )


def test_what_nobody_knows_is_in_neither_numerator_nor_denominator() -> None:
    found = of(OUTAGE, reach=ago(226)).official
    assert found.unknown == DAY - timedelta(minutes=226)
    assert found.unweighted == pytest.approx(0.5)
    assert of(reach=None).official.weighted is None
    assert of(reach=None).days[0].worst is Severity.UNKNOWN


def test_a_row_as_polled_outweighs_the_incidents_and_a_gap_is_filled_from_them() -> None:
    rows = (
        Span(Observer.PAGE, "api", UP, ago(200), ago(100), 200),
        Span(Observer.PAGE, "api", UP, ago(50), ago(0), 100),
    )
    found = of(OUTAGE, spans=rows).official
    assert MAJOR in found.lengths  # the 27 minutes from 100 to 73 minutes ago
    assert found.lengths[MAJOR] == timedelta(minutes=27)
    assert found.lengths[PARTIAL] == timedelta(minutes=23)
    assert (found.looked, found.looks) == (timedelta(minutes=150), 300)


def test_a_model_is_known_from_incidents_and_only_while_the_page_was_read() -> None:
    about = replace(
        OUTAGE, surfaces={"opus": Impact(UP, MAJOR, from_text=True)}, surface_timelines={}
    )
    read = (Span(Observer.PAGE, READ, UP, ago(226), NOW, 452),)
    found = of(about, spans=read, reach=None, surface="opus").official
    assert found.unweighted == pytest.approx(0.5)
    # A surface with a row does not suffer what words alone say.
    named = replace(about, surfaces={"api": Impact(UP, MAJOR, from_text=True)})
    assert of(named).official.weighted == 1


def test_what_has_no_row_is_no_better_than_what_carries_it() -> None:
    assert of(OUTAGE, surface="opus").official.lengths[MAJOR] == timedelta(minutes=40)
    own = replace(
        OUTAGE,
        id="own",
        started_at=ago(500),
        ended_at=ago(400),
        timeline=((ago(500), PARTIAL),),
        surfaces={"opus": Impact(UP, PARTIAL, from_text=True)},
        surface_timelines={},
    )
    both = of(OUTAGE, own, surface="opus").official
    assert both.lengths[PARTIAL] == timedelta(minutes=73 + 100)


def test_after_the_last_poll_nothing_is_known_though_the_list_was_whole() -> None:
    found = of(until=ago(600)).official
    assert found.unknown == timedelta(minutes=600)
    lately = (Span(Observer.PAGE, "api", UP, ago(60), ago(4), 112),)
    assert of(spans=lately, reach=None).official.known == timedelta(minutes=60)


@pytest.mark.parametrize(
    "change", [{"origin": Origin.SUSPECTED}, {"ending": Ending.WITHDRAWN}, {"maintenance": True}]
)
def test_what_is_not_the_providers_word_or_no_outage_costs_nothing(
    change: dict[str, object],
) -> None:
    if "maintenance" in change:
        change |= {"surface_timelines": {"api": ((ago(113), Severity.MAINTENANCE),)}}
    assert of(replace(OUTAGE, **change)).official.weighted == 1  # type: ignore[arg-type]  # real fields


def test_an_incident_open_for_weeks_with_everything_green_adds_nothing() -> None:
    open_for_weeks = replace(
        OUTAGE, ended_at=None, surface_timelines={"api": ((ago(30000), MAJOR), (ago(29999), UP))}
    )
    assert of(open_for_weeks).official.weighted == 1


def test_our_own_evidence_stands_beside_the_page_with_its_unknown_time() -> None:
    ours = (
        Span(Observer.OURS, "api", UP, ago(60), ago(30), 30),
        Span(Observer.OURS, "api", Severity.PARTIAL, ago(30), ago(0), 30),
    )
    found = of(spans=ours)
    assert found.official.weighted == 1
    assert found.observed.weighted == pytest.approx(1 - 0.3 / 2)
    assert (found.observed.unknown, found.observed.looks) == (DAY - timedelta(hours=1), 60)


def test_days_add_up_to_the_whole_and_begin_at_midnight_in_utc() -> None:
    found = of(OUTAGE, length=90 * DAY)
    assert len(found.days) == 91
    assert sum((day.known for day in found.days), timedelta(0)) == found.official.known
    assert {day.start.hour for day in found.days[1:]} == {0}
    assert found.days[-1].worst is MAJOR


def test_an_error_budget_says_what_is_burnt_left_and_how_long_it_lasts() -> None:
    found = of(OUTAGE, length=90 * DAY).official
    budget = error_budget(found, 0.999)
    assert budget.allowed == timedelta(minutes=129.6)
    assert budget.burnt == timedelta(minutes=61.9)
    assert budget.left == timedelta(minutes=129.6 - 61.9)
    # 67.7 minutes at 61.9 in 90 days.
    assert budget.empty_after is not None
    assert budget.empty_after / DAY == pytest.approx(90 * 67.7 / 61.9)
    assert error_budget(found, 0.9999).left < timedelta(0)
    assert error_budget(of().official, 0.999).empty_after is None


def test_a_calendar_that_is_none_is_named_by_its_line() -> None:
    good = '{"service": "api", "date": "2024-01-01", "outages": []}'
    assert calendar_uptime(calendar_days([good, ""]))["api"].weighted == 1
    with pytest.raises(WrongWords, match="line 2 is no row"):
        list(calendar_days([good, '{"service": "api"}']))
    with pytest.raises(WrongWords, match="line 1"):
        list(calendar_days(['{"service": 1, "date": "x", "outages": []}']))
