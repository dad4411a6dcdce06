"""Local times as moments: in every zone, over every change of its clocks to 2032."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.local_time import moment_of, zone_named, zone_names
from bot.domain.quiet import QuietHours

FROM, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2032, 12, 31, tzinfo=UTC)
ZONES = sorted(available_timezones())
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """The moments at which the clocks of a zone change, to the second."""
    return tuple(_changes(ZoneInfo(zone)))


def _changes(place: ZoneInfo) -> Iterator[datetime]:
    at, step = FROM, timedelta(days=7)  # no zone changes twice within a week
    while at < UNTIL:
        if at.astimezone(place).utcoffset() != (at + step).astimezone(place).utcoffset():
            before, after = at, at + step
            while after - before > timedelta(seconds=1):
                middle = before + (after - before) / 2
                same = middle.astimezone(place).utcoffset() == at.astimezone(place).utcoffset()
                before, after = (middle, after) if same else (before, middle)
            yield after.replace(microsecond=0)
        at += step


CHANGING = [zone for zone in ZONES if changes(zone)]
# One of those whose clocks do the same all the time: half of the names are other names.
DIFFERENT = {(changes(zone), FROM.astimezone(ZoneInfo(zone)).utcoffset()): zone for zone in ZONES}


def test_the_database_has_zones_that_change() -> None:
    assert len(CHANGING) > 100
    assert max(at for zone in CHANGING for at in changes(zone)).year == 2032


@pytest.mark.parametrize("zone", DIFFERENT.values())
def test_a_time_of_day_is_reached_once_a_day_in_order_and_never_before_the_clocks_show_it(
    zone: str,
) -> None:
    place = zone_named(zone)
    for change in changes(zone) or (FROM,):
        around = change.astimezone(place).date()
        for at in (time(0, 0), time(1, 30), time(2, 0), time(2, 30), time(3, 0), time(23, 59)):
            days = [around + timedelta(days=n) for n in (-1, 0, 1)]
            found = [moment_of(day, at, zone) for day in days]
            assert found == sorted(set(found))
            for day, moment in zip(days, found, strict=True):
                shown = moment.astimezone(place).replace(tzinfo=None)
                wanted = datetime.combine(day, at)
                assert shown >= wanted
                # It is the first such moment: a minute earlier the clocks showed less.
                earlier = (moment - MINUTE).astimezone(place).replace(tzinfo=None)
                assert earlier < wanted
                assert moment <= moment_of(day, at, zone, last=True)


@pytest.mark.parametrize("zone", DIFFERENT.values())
def test_quiet_hours_hold_whatever_the_clocks_do_and_end_exactly_once_a_night(zone: str) -> None:
    place = zone_named(zone)
    for hours in (
        QuietHours(time(22), time(7), zone),
        QuietHours(time(1, 30), time(2, 30), zone),
        QuietHours(time(23), time(2, 30), zone, frozenset({5, 6})),
    ):
        for change in changes(zone) or (FROM,):
            start = change - 36 * HOUR
            ends = set()
            for n in range(72 * 2):
                now = start + n * 30 * MINUTE
                period, following = hours.period_at(now), hours.next_end(now)
                clock = now.astimezone(place)
                if _shows_quiet(hours, clock):
                    assert period is not None, (hours, clock)
                if period is not None:
                    assert following == period.end
                last = hours.last_ended(now)
                assert following is None or last is None or last.end <= now < following
                ends.add(following)
            nights = {one.astimezone(place).date() for one in ends if one}
            assert len(nights) == len(ends), (hours, sorted(ends, key=str))


def _shows_quiet(hours: QuietHours, clock: datetime) -> bool:
    """Whether a person who looks at the clock would say that it is quiet."""
    at, today = clock.time(), clock.weekday()
    if hours.start < hours.end:
        return hours.start <= at < hours.end and today in hours.days
    late = at >= hours.start and today in hours.days
    return late or (at < hours.end and (today - 1) % 7 in hours.days)


@given(
    st.sampled_from(CHANGING),
    st.times(),
    st.times(),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 6 * 365 * 24 * 60),
)
def test_any_moment_is_in_one_period_or_between_two(
    zone: str, start: time, end: time, days: frozenset[int], minutes: int
) -> None:
    hours = QuietHours(start.replace(microsecond=0), end.replace(microsecond=0), zone, days)
    if hours.never_ends:
        return
    now = FROM + minutes * MINUTE
    period, last, following = hours.period_at(now), hours.last_ended(now), hours.next_end(now)
    assert following is not None
    assert (last.end if last else FROM - 999 * HOUR) <= now < following
    if period is not None:
        assert period.start <= now < period.end == following
        assert hours.last_ended(period.end) == period
        assert hours.period_at(period.end) is None


def test_whole_days_that_follow_each_other_are_one_period() -> None:
    weekend = QuietHours(time(0), time(0), "Europe/Berlin", frozenset({5, 6}))
    saturday = datetime(2026, 11, 21, 15, tzinfo=UTC)
    period = weekend.period_at(saturday)
    assert period is not None
    assert period.end - period.start == 48 * HOUR


def test_zones_are_places_and_no_abbreviations() -> None:
    assert zone_names()["europe/berlin"] == "Europe/Berlin"
    assert "utc" in zone_names()
    assert not {"cet", "est", "etc/gmt+5"} & zone_names().keys()
