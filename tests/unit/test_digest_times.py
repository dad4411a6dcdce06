"""When a digest is due: once a day, or once a week, in every zone, over every change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest

from bot.catalog.times import TimesError, read_digest
from bot.domain.digest import DigestDue, DigestTime
from bot.domain.local_time import zone_named
from bot.domain.quiet import Period
from tests.unit.test_local_time import DIFFERENT, FROM, changes

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize("zone", DIFFERENT.values())
def test_it_is_due_once_a_day_or_once_a_week_and_follows_on_the_last(zone: str) -> None:
    place = zone_named(zone)
    for change in changes(zone) or (FROM,):
        for when in (DigestTime(time(2, 30), zone), DigestTime(time(9), zone, 6)):
            start = change - timedelta(days=9)
            due = set()
            for hours in range(0, 18 * 24, 7):
                now = start + timedelta(hours=hours)
                last, following = when.last(now), when.next(now)
                assert last is not None
                assert last.start < last.end <= now < following
                due |= {last.end, following}
            days = [one.astimezone(place).date() for one in sorted(due)]
            step = timedelta(days=1 if when.weekday is None else 7)
            assert [b - a for a, b in pairwise(days)] == [step] * (len(days) - 1)
            assert all(when.last(one).end == one for one in due)  # type: ignore[union-attr]


def test_what_fell_due_before_it_was_set_is_not_told() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    when = DigestTime(time(9), "UTC", since=noon)
    assert when.last(noon + timedelta(hours=1)) is None
    last = when.last(noon + timedelta(days=1))
    assert last is not None
    assert last.end == datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_its_subject_names_the_period_that_it_is_about() -> None:
    period = Period(datetime(2026, 11, 21, 9, tzinfo=UTC), datetime(2026, 11, 22, 9, tzinfo=UTC))
    assert Period.read(DigestDue(period).key) == period


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("daily 9:00 Europe/Berlin", DigestTime(time(9), BERLIN)),
        ("9am europe/berlin", DigestTime(time(9), BERLIN)),
        ("weekly mon 09:00 Europe/Berlin", DigestTime(time(9), BERLIN, 0)),
        ("weekly at 9 Europe/Berlin", DigestTime(time(9), BERLIN, 0)),
        ("fri 17:30 UTC even if empty", DigestTime(time(17, 30), "UTC", 4, even_if_empty=True)),
    ],
)
def test_a_digest_is_read_however_it_is_typed(typed: str, meant: DigestTime) -> None:
    assert read_digest(typed.split()) == meant
    assert read_digest(meant.words.split()) == meant


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("daily", "the time"),
        ("daily 9:00", "time zone"),
        ("weekly mon tue 9:00 UTC", "one day"),
        ("monthly 9:00 UTC", "“monthly”"),
        ("daily 9:00 18:00 UTC", "the time"),
    ],
)
def test_what_cannot_be_read_is_refused(typed: str, says: str) -> None:
    with pytest.raises(TimesError, match=says):
        read_digest(typed.split())
