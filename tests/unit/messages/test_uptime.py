"""Uptime in words: nothing is rounded up to perfect, and what a figure rests on is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.page import Severity
from bot.history.figures import Record, UptimeReport, uptime_report
from bot.history.looks import EVER
from bot.history.spans import READ, Observer, Span
from bot.history.uptime import Uptime, error_budget
from bot.messages.uptime import budget_words, per_cent, uptime_message
from tests.unit.commands.fakes import Room
from tests.unit.history.test_uptime import CLAUDE as SURFACES
from tests.unit.history.test_uptime import OUTAGE
from tests.unit.messages.examples import CLAUDE, NOW, UP, ago, spoken

WHOLE = Span(Observer.LIST, READ, UP, EVER, NOW)


def said(*spans: Span, target: float | None = None, days: int = 90) -> str:
    start = NOW - timedelta(days=days)
    figures = uptime_report(["api"], SURFACES, Record((OUTAGE,), spans, NOW), start, NOW)
    report = UptimeReport(start, NOW, ()) + figures
    return spoken(uptime_message(report, CLAUDE, target=target))


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.98791, "98.79 %"),
        (1.0, "100 %"),
        (0.99999, "99.999 %"),
        (0.99999999, "over 99.9999 %"),
        (0.0, "0.00 %"),
        (None, "unknown"),
    ],
)
def test_a_share_is_never_rounded_up_to_perfect(share: float | None, words: str) -> None:
    assert per_cent(share) == words


def test_case_two_is_told_in_its_minutes_with_the_rule_and_what_it_rests_on() -> None:
    text = said(WHOLE, target=0.999)
    assert "API 99.95 % · major 40 min, partial 73 min · unweighted 99.91 %" in text
    assert "major outage × 1.0, partial outage × 0.3" in text
    assert "From incidents, not the page's own figure: 90 days (n = 1)." in text
    assert "61 min burnt (48 %), 67 min left; at this rate it lasts 98 days 10 h." in text
    assert "missed by 48 min" in said(WHOLE, target=0.9999)
    assert "Our own evidence saw nothing of it." in text
    assert text.count("▁") == 90
    assert text.count("█") == 1


def budget_of(bad: timedelta, good: timedelta) -> str:
    lengths = {Severity.MAJOR: bad, UP: good}
    return budget_words(error_budget(Uptime("api", ago(90 * 24 * 60), NOW, lengths), 0.999))


def test_after_a_minute_of_watching_it_is_too_early_to_say_how_long_a_budget_lasts() -> None:
    minute = timedelta(minutes=1)
    assert "1 min burnt (1 %)" in budget_of(minute, minute)
    assert budget_of(minute, minute).endswith("left; too early to say how long it lasts.")
    assert budget_of(timedelta(0), minute).endswith("none burnt.")


def test_a_budget_that_lasts_for_years_is_not_reckoned_in_days() -> None:
    said = budget_of(timedelta(minutes=1), timedelta(days=90))
    assert said.endswith("left; at this rate it lasts more than a year.")


def test_what_is_unknown_and_our_own_evidence_are_said_with_their_n() -> None:
    rows = Span(Observer.PAGE, "api", UP, ago(300), NOW, 600)
    ours = Span(Observer.OURS, "api", UP, ago(60), NOW, 120)
    text = said(rows, ours, days=1)
    assert "unknown 19 h" in text
    assert "From the page's rows as polled: 5 h (n = 600 looks)." in text
    assert "Our own evidence: 100 % of 1 h observed, 120 looks, unknown 23 h" in text
    assert "From incidents" not in text


async def test_a_chat_is_answered_with_the_surfaces_and_the_window_that_it_names() -> None:
    room = Room(replace(OUTAGE, ended_at=NOW))
    room.past.seen = [WHOLE]
    text = await room.say("uptime api 30d slo 99.9%")
    assert "Uptime of the last 30 days" in text
    assert "major 40 min, partial 73 min" in text
    assert "SLO 99.9 %: 43 min of down time allowed" in text
    assert "Claude Code" not in text
    assert "Claude Code 100 %" in await room.say("uptime")
    assert "“gibberish”" in await room.say("uptime api gibberish")
