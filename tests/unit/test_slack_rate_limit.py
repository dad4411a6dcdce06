"""What a workspace takes is learned from refusals, and forgotten when it refuses no more."""

from __future__ import annotations

import pytest

from adapters.slack.rate_limit import (
    FIRST_RATE,
    FORGET_SECONDS,
    GENTLY,
    LEARNED,
    LEAST_RATE,
    LOWER,
    PAUSE_SECONDS,
    RAISE_SECONDS,
    SlackRateLimits,
)

NAME = "slack/T1/chat.postMessage"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def rate(rates: SlackRateLimits) -> float | None:
    found = rates.buckets(NAME, fixed=True)
    return found[0].rate if found else None


def test_nothing_is_held_back_until_slack_refuses() -> None:
    rates = SlackRateLimits(Clock())
    for _ in range(100):
        rates.went(NAME)
    assert rate(rates) is None


def test_what_went_through_in_a_second_is_the_limit() -> None:
    rates = SlackRateLimits(Clock())
    for _ in range(50):
        rates.went(NAME)
    rates.refused(NAME)
    assert rate(rates) == 50 * LEARNED


def test_a_burst_across_two_seconds_of_the_clock_is_counted_whole() -> None:
    clock = Clock()
    clock.now = 1000.95
    rates = SlackRateLimits(clock)
    for _ in range(50):
        rates.wait(NAME)
        rates.went(NAME)
        clock.now += 0.002
    rates.refused(NAME)
    assert rate(rates) == 50 * LEARNED


def test_refusals_at_the_same_time_are_one_lesson_and_later_ones_another() -> None:
    clock = Clock()
    rates = SlackRateLimits(clock)
    for _ in range(40):
        rates.went(NAME)
    for _ in range(300):
        rates.refused(NAME)
    assert rate(rates) == 40 * LEARNED
    clock.now += 5
    rates.refused(NAME)
    assert rate(rates) == 40 * LEARNED * LOWER


@pytest.mark.parametrize("went", [0, 1, 5])
def test_one_refusal_at_the_start_of_a_burst_does_not_slow_a_workspace_for_minutes(
    went: int,
) -> None:
    """After it, 30 edits that wait are done within a few seconds."""
    rates = SlackRateLimits(Clock())
    for _ in range(went):
        rates.wait(NAME)
        rates.went(NAME)
    for _ in range(30 - went):
        rates.refused(NAME)
    learned = rate(rates)

    assert learned is not None
    assert 30 / learned <= 3


def test_it_never_stops_altogether() -> None:
    clock = Clock()
    rates = SlackRateLimits(clock)
    for _ in range(30):
        rates.refused(NAME)
        clock.now += 5
    assert rate(rates) == LEAST_RATE


def test_it_rises_again_and_is_forgotten_in_the_end() -> None:
    clock = Clock()
    rates = SlackRateLimits(clock)
    for _ in range(10):
        rates.went(NAME)
    rates.refused(NAME)
    clock.now += RAISE_SECONDS + 1
    risen = rate(rates)
    clock.now += FORGET_SECONDS

    assert risen is not None
    assert risen > FIRST_RATE
    assert rate(rates) is None


def test_a_burst_begins_gently_and_is_soon_at_full_speed() -> None:
    clock = Clock()
    rates = SlackRateLimits(clock)
    turns = [rates.wait(NAME) for _ in range(GENTLY + 10)]

    assert turns[0] == 0
    assert turns == sorted(turns[:-9]) + [0.0] * 9
    assert sum(turn < 0.05 for turn in turns[:-9]) < 40
    assert max(turns) < 0.25


def test_after_a_pause_it_begins_gently_again() -> None:
    clock = Clock()
    rates = SlackRateLimits(clock)
    for _ in range(GENTLY + 10):
        rates.wait(NAME)
    clock.now += PAUSE_SECONDS + 1
    assert rates.wait(NAME) == 0
    assert rates.wait(NAME) > 0


def test_a_limit_that_is_known_holds_from_the_beginning_for_messages_only() -> None:
    rates = SlackRateLimits(Clock(), fixed=50)
    assert rate(rates) == 50
    assert rates.buckets("slack/T1/chat.update", fixed=False) == ()


def test_one_workspaces_limit_is_not_anothers() -> None:
    rates = SlackRateLimits(Clock())
    rates.refused(NAME)
    assert rates.buckets("slack/T2/chat.postMessage", fixed=True) == ()
