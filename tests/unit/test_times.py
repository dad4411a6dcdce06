"""Hours, days and zones as people type them; what has no meaning is refused by its name."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.times import TimesError, read_quiet, read_until, time_of
from bot.domain.quiet import DAILY, QuietHours

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)  # a Saturday, 16:30 in Berlin
BERLIN = "Europe/Berlin"
NIGHT = QuietHours(time(22), time(7), BERLIN)
WEEKDAYS = frozenset(range(5))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("22:00-07:00 Europe/Berlin", NIGHT),
        ("22-7 europe/berlin daily", NIGHT),
        ("from 10pm to 7am europe/berlin every day", NIGHT),
        ("Europe/Berlin 22:00 - 7:00", NIGHT),
        (
            "22:00-07:00 Europe/Berlin weekdays except major",
            QuietHours(time(22), time(7), BERLIN, WEEKDAYS, except_major=True),
        ),
        (
            "22:00-07:00 Europe/Berlin mon-fri except major outages",
            QuietHours(time(22), time(7), BERLIN, WEEKDAYS, except_major=True),
        ),
        (
            "0:00-24:00 America/New York sat sun",
            QuietHours(time(0), time(0), "America/New_York", frozenset({5, 6})),
        ),
        (
            "18:30-8.15 UTC fri-sun",
            QuietHours(time(18, 30), time(8, 15), "UTC", frozenset({4, 5, 6})),
        ),
    ],
)
def test_quiet_hours_are_read_however_they_are_typed(typed: str, meant: QuietHours) -> None:
    assert read_quiet(typed.replace(",", " ").split()) == meant
    assert read_quiet(meant.words.replace(",", " ").split()) == meant


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("22:00-07:00", "time zone"),
        ("22:00 Europe/Berlin", "two times"),
        ("22:00-07:00-09:00 Europe/Berlin", "“22:00-07:00-09:00”"),
        ("25:00-07:00 Europe/Berlin", "“25:00-07:00”"),
        ("22:00-07:00 Berlin", "as Europe/Berlin"),
        ("22:00-07:00 CET", "name a place"),
        ("22:00-07:00 Europe/Berlin except partial", "“except”"),
        ("22:00-07:00 Europe/Berlin sometimes", "“sometimes”"),
        ("0:00-24:00 Europe/Berlin daily", "never end"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(typed: str, says: str) -> None:
    with pytest.raises(TimesError, match=says):
        read_quiet(typed.split())


def test_a_zone_that_was_named_before_need_not_be_named_again() -> None:
    assert read_quiet(["22-7"], BERLIN) == NIGHT


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("17:00", datetime(2026, 11, 21, 16, tzinfo=UTC)),
        ("9:00", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("9am America/New_York", datetime(2026, 11, 22, 14, tzinfo=UTC)),
        ("tomorrow 17:00", datetime(2026, 11, 22, 16, tzinfo=UTC)),
        ("monday at 9", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("sat 9:00", datetime(2026, 11, 28, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_to_come_is_the_next_one_that_fits(typed: str, meant: datetime) -> None:
    assert read_until(typed.split(), BERLIN, NOW) == meant


def test_a_time_without_a_zone_is_asked_back() -> None:
    with pytest.raises(TimesError, match="in which time zone"):
        read_until(["9:00"], "", NOW)


@given(st.lists(st.text(min_size=1), max_size=6))
def test_any_words_mean_something_or_are_refused(words: list[str]) -> None:
    for read in (lambda: read_quiet(list(words)), lambda: read_until(list(words), BERLIN, NOW)):
        with suppress(TimesError):
            assert isinstance(read(), QuietHours | datetime)


@given(st.times())
def test_a_time_of_day_is_read_back(at: time) -> None:
    assert time_of(f"{at:%H:%M}") == at.replace(second=0, microsecond=0)


def test_all_days_are_daily() -> None:
    words = ["22-7", "UTC", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert read_quiet(words).days == DAILY
