"""What is told outside threads: to whom, when, once; and where nothing is told, why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery.announcement import Announcement
from bot.delivery.blindness import SEEN_AGAIN, BlindnessNews
from bot.delivery.digests import DigestNews
from bot.delivery.escalation import Untaken, UntakenNews, major_since
from bot.delivery.reminders import EXPIRES_AFTER, ReminderNews, is_due
from bot.delivery.steps import FIRST
from bot.domain.blindness import Blindness
from bot.domain.digest import DigestDue, DigestTime
from bot.domain.evidence import Verdict
from bot.domain.incident import EventKind, Incident, Origin
from bot.domain.page import Severity
from bot.domain.quiet import Period, QuietHours
from bot.domain.subscription import (
    Channel,
    Reason,
    Reminder,
    Subscription,
    ThreadRecord,
)
from bot.domain.taker import Escalation
from bot.status.digest import Digest
from tests.delivery_kit import incident

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = NOW + HOUR
HERE = Channel("chat", "T1", "C1")
NOTHING, TOLD = ThreadRecord(), ThreadRecord(root="m1")
ASKED = Subscription(HERE)
QUIET = QuietHours(NOW.time(), (NOW + HOUR).time(), "UTC")


def says(
    news: Announcement,
    thread: ThreadRecord = NOTHING,
    subscription: Subscription | None = ASKED,
    now: datetime = NOW,
) -> tuple[list[str], Reason]:
    """Return the parts that are said now, and why that is all."""
    found = news.plan(thread, subscription, now)
    return [step.part for step in found.steps], found.reason


# --- a page that cannot be read ----------------------------------------------------------

LOST = Blindness("claude", NOW - HOUR, NOW)
SEEN = replace(LOST, ended_at=NOW)


@pytest.mark.parametrize(
    ("blindness", "thread", "subscription", "expected"),
    [
        (LOST, NOTHING, ASKED, ([FIRST], Reason.DUE)),
        (LOST, TOLD, ASKED, ([], Reason.TOLD)),
        (LOST, NOTHING, None, ([], Reason.NOT_SUBSCRIBED)),
        (LOST, NOTHING, replace(ASKED, severity=Severity.MAJOR), ([], Reason.NOT_SUBSCRIBED)),
        (LOST, NOTHING, replace(ASKED, muted_until=NOW + MINUTE), ([], Reason.MUTED)),
        (LOST, NOTHING, replace(ASKED, quiet=QUIET), ([], Reason.QUIET)),
        (SEEN, NOTHING, ASKED, ([], Reason.TOLD)),
        (SEEN, TOLD, ASKED, ([SEEN_AGAIN], Reason.DUE)),
        (SEEN, TOLD, None, ([SEEN_AGAIN], Reason.DUE)),
        (SEEN, TOLD, replace(ASKED, muted_until=NOW + MINUTE), ([SEEN_AGAIN], Reason.DUE)),
        (SEEN, replace(TOLD, replies={SEEN_AGAIN: "m2"}), ASKED, ([], Reason.TOLD)),
    ],
)
def test_a_page_out_of_sight_is_told_once_and_its_return_to_those_who_were_told(
    blindness: Blindness,
    thread: ThreadRecord,
    subscription: Subscription | None,
    expected: tuple[list[str], Reason],
) -> None:
    assert says(BlindnessNews(blindness), thread, subscription) == expected


def test_both_messages_of_a_page_have_a_name_and_a_time_from_which_to_search() -> None:
    news = BlindnessNews(replace(SEEN, ended_at=NOW + HOUR))
    first, second = news.keys(HERE)[FIRST], news.keys(HERE)[SEEN_AGAIN]
    assert first == f"{HERE}/{LOST.key}"
    assert second == f"{first}/seen_again"
    assert (news.begun_at, news.known_at) == (NOW, NOW + HOUR)
    assert BlindnessNews(LOST).known_at == NOW


# --- nobody is on it ----------------------------------------------------------

MAJOR = incident(EventKind.OPENED, at=NOW - HOUR)
CALLS = replace(ASKED, escalation=Escalation(60, "<@U9>"))


def untaken(
    told: Incident = MAJOR, root: ThreadRecord | None = TOLD, *, taken: bool = False
) -> UntakenNews:
    return UntakenNews(told, root, taken=taken)


@pytest.mark.parametrize(
    ("news", "thread", "subscription", "reason"),
    [
        (untaken(), TOLD, CALLS, Reason.TOLD),
        (untaken(taken=True), NOTHING, CALLS, Reason.TOLD),
        (untaken(replace(MAJOR, ended_at=NOW)), NOTHING, CALLS, Reason.TOLD),
        (untaken(), NOTHING, None, Reason.NOT_SUBSCRIBED),
        (untaken(), NOTHING, ASKED, Reason.NOT_SUBSCRIBED),
        (untaken(), NOTHING, replace(CALLS, muted_until=NOW + MINUTE), Reason.MUTED),
        (untaken(), NOTHING, replace(CALLS, muted_incidents={MAJOR.key: LATER}), Reason.MUTED),
        (untaken(root=None), NOTHING, CALLS, Reason.QUIET),
        (untaken(root=ThreadRecord(root="")), NOTHING, CALLS, Reason.QUIET),
        (untaken(), NOTHING, replace(CALLS, escalation=Escalation(61, "x")), Reason.QUIET),
        (untaken(), NOTHING, replace(CALLS, quiet=QUIET), Reason.QUIET),
    ],
)
def test_nobody_is_called_where_it_is_taken_told_over_or_not_asked_for(
    news: UntakenNews, thread: ThreadRecord, subscription: Subscription | None, reason: Reason
) -> None:
    assert says(news, thread, subscription) == ([], reason)


def test_whom_the_channel_named_is_called_at_the_minute_and_rather_twice_than_never() -> None:
    news = untaken()
    (step,) = news.plan(NOTHING, CALLS, NOW).steps
    assert step.mention
    assert step.sends
    assert news.mention(CALLS) == "<@U9>"
    assert news.mention(ASKED) is None
    assert news.better_twice
    assert (news.begun_at, news.known_at) == (MAJOR.started_at, MAJOR.started_at)
    assert says(news, subscription=CALLS, now=NOW - MINUTE) == ([], Reason.QUIET)


def test_the_time_counts_from_when_the_provider_called_it_a_major_outage() -> None:
    grew = replace(
        MAJOR,
        timeline=(
            (NOW - HOUR, Severity.MAJOR),
            (NOW - 40 * MINUTE, Severity.PARTIAL),
            (NOW - 10 * MINUTE, Severity.MAJOR),
        ),
    )
    assert major_since(MAJOR) == NOW - HOUR
    assert major_since(grew) == NOW - 10 * MINUTE
    unseen = replace(grew, timeline=(*grew.timeline, (NOW - MINUTE, Severity.UNKNOWN)))
    assert major_since(unseen) == NOW - 10 * MINUTE, "nobody saw it get better"
    for less in (
        replace(MAJOR, severity=Severity.PARTIAL),
        replace(MAJOR, origin=Origin.SUSPECTED),
        replace(MAJOR, maintenance=True),
        replace(MAJOR, ended_at=NOW),
    ):
        assert major_since(less) is None


def test_a_call_is_as_urgent_as_what_it_calls_for() -> None:
    subject = Untaken(MAJOR.key)
    assert (subject.key, subject.severity) == (f"escalate:{MAJOR.key}", Severity.MAJOR)
    assert int(subject.version.partition(":")[0]) == 1


# --- digests and reminders ----------------------------------------------------------

WEEK = Period(NOW - timedelta(days=7), NOW)
FULL, EMPTY = Digest(WEEK, (MAJOR,)), Digest(WEEK)


@pytest.mark.parametrize(
    ("digest", "thread", "even_if_empty", "expected"),
    [
        (FULL, NOTHING, False, ([FIRST], Reason.DUE)),
        (FULL, TOLD, False, ([], Reason.TOLD)),
        (EMPTY, NOTHING, False, ([], Reason.NOTHING_LEFT)),
        (EMPTY, NOTHING, True, ([FIRST], Reason.DUE)),
        (replace(EMPTY, scheduled=(MAJOR,)), NOTHING, False, ([FIRST], Reason.DUE)),
    ],
)
def test_a_digest_is_sent_once_and_where_nothing_happened_only_if_asked_for(
    digest: Digest, thread: ThreadRecord, even_if_empty: bool, expected: tuple[list[str], Reason]
) -> None:
    news = DigestNews(DigestDue(WEEK), digest)
    asked = replace(ASKED, digest=DigestTime(NOW.time(), "UTC", even_if_empty=even_if_empty))
    assert says(news, thread, asked) == expected
    assert says(news, NOTHING, ASKED) == ([], Reason.NOT_SUBSCRIBED)
    assert says(news, NOTHING, None) == ([], Reason.NOT_SUBSCRIBED)
    muted = replace(asked, muted_until=NOW + MINUTE)
    assert says(news, NOTHING, muted) == ([], Reason.MUTED)
    assert (news.begun_at, news.known_at) == (NOW, NOW)


WAITS = Reminder(HERE, "U1", ("api", "code"), NOW)


def seen(**surfaces: Severity) -> Callable[[str], Verdict | None]:
    known = {name: Verdict(name, how, None, NOW, ()) for name, how in surfaces.items()}
    return known.get


UP = seen(api=Severity.UP, code=Severity.UP)


def test_a_reminder_comes_once_all_of_its_surfaces_are_known_to_be_up() -> None:
    assert says(ReminderNews(WAITS, UP)) == ([FIRST], Reason.DUE)
    assert says(ReminderNews(WAITS, UP), TOLD) == ([], Reason.TOLD)
    for not_up in (seen(api=Severity.UP), seen(api=Severity.UP, code=Severity.DEGRADED)):
        assert says(ReminderNews(WAITS, not_up)) == ([], Reason.NOT_BACK)
        assert not is_due(WAITS, not_up, NOW)
    assert is_due(WAITS, UP, NOW)


def test_nobody_waits_for_longer_than_a_week() -> None:
    down = seen(api=Severity.MAJOR, code=Severity.UP)
    week = NOW + EXPIRES_AFTER
    assert says(ReminderNews(WAITS, down), now=week) == ([], Reason.NOT_BACK)
    assert says(ReminderNews(WAITS, down), now=week + MINUTE) == ([], Reason.EXPIRED)
    assert is_due(WAITS, down, week + MINUTE), "to be forgotten"


def test_who_asks_again_gets_another_message() -> None:
    again = replace(WAITS, asked_at=NOW + HOUR)
    first, second = (ReminderNews(one, UP).keys(HERE)[FIRST] for one in (WAITS, again))
    assert first != second
    assert (ReminderNews(WAITS, UP).begun_at, ReminderNews(WAITS, UP).known_at) == (NOW, NOW)
