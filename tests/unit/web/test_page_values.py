"""What pages say of times, shares, months and courses, as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.web.page.past import Month
from adapters.web.page.site import moment, root_of, xml
from adapters.web.page.strips import percent, strip_of
from adapters.web.page.timeline import WIDTH, picture_of
from bot.domain.incident import Incident, Origin
from bot.domain.page import Severity
from bot.history.figures import SurfaceUptime
from bot.history.uptime import Uptime

NOW = datetime(2026, 4, 9, 12, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "100 %"), (0.99999, "99.99 %"), (0.5, "50.00 %"), (0.0, "0.00 %"), (None, "")],
)
def test_a_share_is_never_rounded_up(share: float | None, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("at", "style", "said"),
    [
        (NOW - HOUR, "clock", "11:00 UTC"),
        (NOW - 30 * HOUR, "clock", "8 Apr, 06:00 UTC"),
        (NOW - HOUR, "date", "9 Apr, 11:00 UTC"),
        (NOW.replace(year=2025), "date", "9 Apr 2025, 12:00 UTC"),
        (NOW - timedelta(seconds=12), "ago", "12 s ago"),
        (NOW + HOUR, "ago", "0 s ago"),
    ],
)
def test_a_time_is_told_in_utc_with_the_day_where_it_matters(
    at: datetime, style: str, said: str
) -> None:
    assert moment(at, style, NOW) == said


@pytest.mark.parametrize(
    ("path", "root"),
    [("/", "./"), ("/wall", "./"), ("/incident/claude/i1", "../../"), ("/surface/a%2Fb", "../")],
)
def test_links_lead_up_by_as_many_steps_as_a_browser_counts(path: str, root: str) -> None:
    assert root_of(path) == root


def test_months_are_those_of_the_calendar_and_not_without_end() -> None:
    december = Month.named("2025-12", NOW)

    assert december is not None
    assert (december.before.name, december.next.name) == ("2025-11", "2026-01")
    assert december.words == "December 2025"
    for wrong in ("2026-05", "2024-01", "2026-00", "2026-4", "x"):
        assert Month.named(wrong, NOW) is None
    present = Month.named("", NOW)
    assert present is not None
    assert present.name == "2026-04"


def test_xml_has_no_character_that_it_cannot_have() -> None:
    assert xml("a\x00b\x0bc\ufffed\tend") == "abcd\tend"


def outage(*points: tuple[datetime, Severity], ended: datetime | None) -> Incident:
    began, worst = points[0][0], Severity.MAJOR
    return Incident(
        "claude",
        "i1",
        "Down",
        "investigating",
        Origin.PROVIDER,
        began,
        points[-1][1],
        worst,
        ended_at=ended,
        timeline=points,
    )


def test_the_course_is_drawn_as_long_as_it_was_and_says_the_same() -> None:
    picture = picture_of(
        outage((NOW - 4 * HOUR, Severity.MAJOR), (NOW - HOUR, Severity.PARTIAL), ended=NOW), NOW
    )

    assert picture is not None
    assert [(one.x, one.width, one.severity) for one in picture.segments] == [
        (0, 0.75 * WIDTH, Severity.MAJOR),
        (0.75 * WIDTH, 0.25 * WIDTH, Severity.PARTIAL),
    ]
    assert picture.words == "major 3 h, partial 1 h"


def test_an_open_course_does_not_change_with_every_second() -> None:
    running = outage((NOW - HOUR, Severity.MAJOR), ended=None)
    assert picture_of(running, NOW) == picture_of(running, NOW + timedelta(seconds=9))
    assert picture_of(running, NOW) != picture_of(running, NOW + timedelta(seconds=40))


def test_a_strip_has_a_bar_for_each_day_in_the_colour_of_its_worst() -> None:
    begins = datetime(2026, 4, 7, tzinfo=UTC)
    lengths: tuple[dict[Severity, timedelta], ...] = (
        {Severity.UP: 24 * HOUR},
        {Severity.UP: 23 * HOUR, Severity.MAJOR: HOUR},
        {},
    )
    days = tuple(
        Uptime("api", begins + timedelta(days=n), begins + timedelta(days=n + 1), one)
        for n, one in enumerate(lengths)
    )
    whole = {Severity.UP: 47 * HOUR, Severity.MAJOR: HOUR}
    strip = strip_of(
        SurfaceUptime(
            Uptime("api", begins, begins + timedelta(days=3), whole),
            Uptime("api", begins, begins + timedelta(days=3)),
            days,
        )
    )

    assert {severity: path.count("M") for severity, path in strip.paths} == {
        Severity.UNKNOWN: 1,
        Severity.UP: 1,
        Severity.MAJOR: 1,
    }
    assert strip.words == "97.91 % up in 3 days; trouble on 1, nothing known of 1."
    assert [(one.day, one.lengths) for one in strip.bad] == [(days[1].start, "major outage 1 h")]
    assert strip.observed == ""
