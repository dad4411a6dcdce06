"""What requests of others to a model are worth, and the sentence that they make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.evidence.elsewhere import evidence
from bot.evidence.routes import OPENROUTER, ModelUptime
from bot.evidence.suspicion import case_against

NOW = datetime(2026, 9, 22, 13, 44, tzinfo=UTC)


def reading(percent: float, usual: float | None = 98.7, *, age: float = 0) -> ModelUptime:
    at = NOW - timedelta(minutes=age)
    elsewhere = {"Amazon Bedrock": 99.6, "Google": 100.0}
    return ModelUptime(OPENROUTER, "opus", "Anthropic", percent, usual, at, elsewhere)


def test_the_other_ways_to_the_model_stand_beside_the_one_that_fails() -> None:
    assert reading(41.2).words == (
        "Anthropic 41 % of requests well in 5 min, usual 99 %; Amazon Bedrock 100 %, Google 100 %"
    )


@pytest.mark.parametrize(
    ("percent", "usual"), [(100, 98.7), (90, 99), (86, 88), (20, 22), (10, None)]
)
def test_what_is_as_usual_or_has_no_usual_says_nothing(percent: float, usual: float | None) -> None:
    assert evidence([reading(percent, usual)], OPENROUTER) == []


def test_when_most_fail_it_is_suspected_and_opens_no_thread() -> None:
    case = case_against("opus", evidence([reading(41.2)], OPENROUTER), NOW)
    assert case.suspected
    assert not case.opens


def test_when_some_fail_it_is_one_voice_of_two() -> None:
    assert 0.4 <= reading(80).weight < 0.9
    assert not case_against("opus", evidence([reading(80)], OPENROUTER), NOW).suspected


def test_another_model_is_not_accused() -> None:
    assert case_against("sonnet", evidence([reading(0)], OPENROUTER), NOW).calm


def test_it_is_gone_after_a_quarter_of_an_hour() -> None:
    assert case_against("opus", evidence([reading(0, age=15)], OPENROUTER), NOW).calm
