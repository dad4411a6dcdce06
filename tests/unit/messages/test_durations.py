from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.page import Severity
from bot.messages.durations import duration, lasted, timeline
from tests.unit.messages.examples import DEGRADED, MAJOR, NOW, OUTAGE, OVER, UP, ago


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=12), "12 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=73), "73 min"),
        (timedelta(minutes=113), "1 h 53 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(days=7), "7 days"),
        (timedelta(days=18, hours=5), "18 days 5 h"),
    ],
)
def test_lengths_of_time_read_as_people_say_them(length: timedelta, words: str) -> None:
    assert duration(length) == words


def test_a_timeline_says_how_long_it_was_how_bad() -> None:
    assert timeline(OVER, NOW) == "major 40 min, partial 73 min"


def test_a_running_incident_is_counted_until_now() -> None:
    assert timeline(OUTAGE, NOW) == "major 10 min"


def test_good_times_count_only_between_bad_ones() -> None:
    up_and_down = ((ago(60), DEGRADED), (ago(50), UP), (ago(30), DEGRADED), (ago(10), UP))
    assert (
        timeline(replace(OVER, timeline=up_and_down), NOW)
        == "degraded 10 min, up 20 min, degraded 20 min"
    )


def test_what_went_up_and_down_all_day_is_summed_up() -> None:
    flapping = tuple((ago(100 - 10 * i), DEGRADED if i % 2 else UP) for i in range(10))
    assert timeline(replace(OVER, timeline=flapping), NOW) == "on and off: degraded 50 min"


def test_neighbours_of_one_severity_are_one_spell() -> None:
    twice = ((ago(60), MAJOR), (ago(50), MAJOR))
    assert timeline(replace(OVER, timeline=twice), NOW) == "major 1 h"


def test_a_notice_has_no_timeline() -> None:
    assert timeline(replace(OVER, timeline=((ago(60), UP),)), NOW) == ""
    assert timeline(replace(OVER, timeline=((ago(60), Severity.UNKNOWN),)), NOW) == ""


def test_an_incident_that_ended_before_it_began_lasted_no_time() -> None:
    assert lasted(replace(OVER, started_at=NOW + timedelta(hours=1)), NOW) == timedelta(0)
