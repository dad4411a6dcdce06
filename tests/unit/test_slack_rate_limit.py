"""What a workspace takes is learned from refusals, and forgotten when it refuses no more."""

from __future__ import annotations

import pytest

from adapters.slack.rate_limit import (
    AT_FIRST,
    FEW,
    FEWEST_AT_ONCE,
    FIRST_RATE,
    FORGET_SECONDS,
    LEARNED,
    LEAST_RATE,
    LOWER,
    MOST_AT_ONCE,
    PAUSE_SECONDS,
    PROOF,
    RAISE_SECONDS,
    SlackRateLimits,
)
from tests.clock import StandingClock

NAME = "slack/T1/chat.postMessage"
MANY = 500  # channels


def went(rates: SlackRateLimits, calls: int = 1) -> None:
    for _ in range(calls):
        rates.went(NAME, rates.began(NAME))


def refused(rates: SlackRateLimits, calls: int = 1) -> list[bool]:
    """Answers to calls that were in flight together: whether the workspace had enough."""
    for _ in range(calls):
        rates.began(NAME)
    return [rates.is_enough(NAME) for _ in range(calls)]


def rate(rates: SlackRateLimits) -> float | None:
    found = rates.buckets(NAME, fixed=True)
    return found[0].rate if found else None


def test_nothing_is_held_back_until_slack_refuses() -> None:
    rates = SlackRateLimits(StandingClock(1000.0))
    went(rates, 100)
    assert rate(rates) is None


def test_what_went_through_in_a_second_is_the_limit() -> None:
    rates = SlackRateLimits(StandingClock(1000.0))
    went(rates, 50)
    refused(rates, 5)
    assert rate(rates) == 50 * LEARNED


def test_a_burst_across_two_seconds_of_the_clock_is_counted_whole() -> None:
    clock = StandingClock(1000.0)
    clock.now = 1000.95
    rates = SlackRateLimits(clock)
    for _ in range(50):
        went(rates)
        clock.now += 0.002
    refused(rates, 5)
    assert rate(rates) == 50 * LEARNED


def test_a_refusal_among_many_that_went_through_is_one_channels_own() -> None:
    """Slack refuses one in a hundred at random: nobody else waits, nothing is learned."""
    rates = SlackRateLimits(StandingClock(1000.0))
    for _ in range(20):
        went(rates, 99)
        assert refused(rates) == [False]
    assert rate(rates) is None


def test_when_all_that_follows_is_refused_the_workspace_has_had_enough() -> None:
    rates = SlackRateLimits(StandingClock(1000.0))
    went(rates, 50)
    assert refused(rates, 6) == [False, False, False, True, True, True]


def test_refusals_at_the_same_time_are_one_lesson_and_later_ones_another() -> None:
    clock = StandingClock(1000.0)
    rates = SlackRateLimits(clock)
    went(rates, 40)
    refused(rates, 300)
    assert rate(rates) == 40 * LEARNED
    clock.now += 5
    refused(rates)
    assert rate(rates) == 40 * LEARNED * LOWER


def test_a_stray_refusal_lowers_no_limit_that_is_known() -> None:
    clock = StandingClock(1000.0)
    rates = SlackRateLimits(clock)
    went(rates, 50)
    refused(rates, 5)
    clock.now += 5
    for _ in range(20):
        went(rates, 99)
        assert refused(rates) == [False]
    assert rate(rates) == 50 * LEARNED
    went(rates, 10)
    assert refused(rates, 5)[-1]
    assert rate(rates) == 50 * LEARNED * LOWER


@pytest.mark.parametrize("before", [0, 1, 5])
def test_one_refusal_at_the_start_of_a_burst_does_not_slow_a_workspace_for_minutes(
    before: int,
) -> None:
    """After it, 30 edits that wait are done within a few seconds."""
    rates = SlackRateLimits(StandingClock(1000.0))
    went(rates, before)
    refused(rates, 30 - before)
    learned = rate(rates)

    assert learned is not None
    assert 30 / learned <= 3


def test_it_never_stops_altogether() -> None:
    clock = StandingClock(1000.0)
    rates = SlackRateLimits(clock)
    for _ in range(30):
        refused(rates)
        clock.now += 5
    assert rate(rates) == LEAST_RATE


def test_it_rises_again_and_is_forgotten_in_the_end() -> None:
    clock = StandingClock(1000.0)
    rates = SlackRateLimits(clock)
    went(rates, 10)
    refused(rates, 10)
    clock.now += RAISE_SECONDS + 1
    risen = rate(rates)
    clock.now += FORGET_SECONDS

    assert risen is not None
    assert risen > FIRST_RATE
    assert rate(rates) is None


def test_a_burst_goes_on_once_most_of_its_first_calls_went_through() -> None:
    """At no moment are more sent than `AT_FIRST` before so many went through."""
    clock = StandingClock(1000.0)
    rates = SlackRateLimits(clock)
    assert rates.at_once(NAME, MANY) == AT_FIRST
    for done in range(PROOF):
        assert done + rates.at_once(NAME, MANY) == AT_FIRST
        began = rates.began(NAME)
        clock.now += 0.01
        rates.went(NAME, began)
    assert rates.at_once(NAME, MANY) == pytest.approx(100, abs=1)

    clock.now += PAUSE_SECONDS + 1
    assert rates.at_once(NAME, MANY) == AT_FIRST, "after a pause it begins anew"


def test_where_there_are_few_channels_all_are_sent_at_once() -> None:
    rates = SlackRateLimits(StandingClock(1000.0))
    assert rates.at_once(NAME, FEW) == FEW
    rates.began(NAME)
    assert rates.at_once(NAME, FEW) == FEW, "while none of them is answered"
    assert rates.at_once(NAME, FEW + 1) == AT_FIRST


def test_what_was_refused_makes_no_room_for_more_before_most_went_through() -> None:
    """Of 500 messages behind an unknown 50 a second 25 are refused, and not those that follow."""
    rates = SlackRateLimits(StandingClock(1000.0))
    went(rates, 50)
    assert refused(rates, 3) == [False, False, False]
    assert rates.at_once(NAME, MANY) == AT_FIRST - 53


def test_a_burst_begins_with_as_many_calls_as_went_through_before() -> None:
    clock = StandingClock(1000.0)
    rates = SlackRateLimits(clock)
    went(rates, 300)
    clock.now += PAUSE_SECONDS + 1
    assert rates.at_once(NAME, MANY) == 300
    rates.began(NAME)
    assert rates.at_once(NAME, MANY) == 300, "and has that many in flight before any is answered"


def test_what_went_through_before_is_no_measure_once_the_workspace_had_enough() -> None:
    clock = StandingClock(1000.0)
    rates = SlackRateLimits(clock)
    went(rates, 300)
    clock.now += PAUSE_SECONDS + 1
    refused(rates, 60)
    clock.now += FORGET_SECONDS + 1
    assert rate(rates) is None
    assert rates.at_once(NAME, MANY) == AT_FIRST


@pytest.mark.parametrize(
    ("seconds", "calls"), [(0.001, FEWEST_AT_ONCE), (0.03, 300), (0.3, MOST_AT_ONCE)]
)
def test_the_longer_an_answer_takes_the_more_calls_are_worth_while(
    seconds: float, calls: int
) -> None:
    clock = StandingClock(1000.0)
    rates = SlackRateLimits(clock)
    for _ in range(PROOF):
        began = rates.began(NAME)
        clock.now += seconds
        rates.went(NAME, began)
    assert rates.at_once(NAME, MANY) == pytest.approx(calls, abs=1)


def test_a_limit_that_is_known_holds_from_the_beginning_for_messages_only() -> None:
    rates = SlackRateLimits(StandingClock(1000.0), fixed=50)
    assert rate(rates) == 50
    assert rates.buckets("slack/T1/chat.update", fixed=False) == ()


def test_one_workspaces_limit_is_not_anothers() -> None:
    rates = SlackRateLimits(StandingClock(1000.0))
    refused(rates, 2)
    assert rates.buckets("slack/T2/chat.postMessage", fixed=True) == ()
