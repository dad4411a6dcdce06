"""What one look by a probe means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.targets import Target, TargetKind
from bot.domain.page import Severity
from bot.evidence.probes import (
    FAILURES,
    ProbeHistory,
    ProbeOutcome,
    ProbeResponse,
    ProbeResult,
    evidence,
    judge,
    network_is_ours,
    remember,
)
from bot.evidence.suspicion import AGREE, ALONE

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
API = Target("the API", "https://api.example.com/v1/models", TargetKind.API, ("api",))
FRONT = Target("claude.ai", "https://claude.example.com/", TargetKind.FRONT, ("claude.ai",))
OPUS = Target(
    "opus", "https://api.example.com/v1/messages", TargetKind.GENERATION, ("opus",), "opus-1"
)
JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=UTF-8"}


def error(kind: str) -> str:
    return f'{{"type":"error","error":{{"type":"{kind}","message":"…"}},"request_id":"req_1"}}'


def test_a_401_in_the_apis_own_shape_proves_that_it_answers() -> None:
    look = judge(API, ProbeResponse(401, JSON, error("authentication_error")))

    assert look == ProbeResult(ProbeOutcome.GOOD, "answers 401 as it should")


def test_a_401_in_another_shape_proves_nothing() -> None:
    assert judge(API, ProbeResponse(401, HTML, "<h1>Log in to the hotel</h1>")).outcome is (
        ProbeOutcome.INCONCLUSIVE
    )


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 529])
@pytest.mark.parametrize("target", [API, FRONT, OPUS])
def test_every_5xx_is_bad_on_every_target(status: int, target: Target) -> None:
    assert (
        judge(target, ProbeResponse(status, JSON, error("overloaded_error"))).outcome
        is ProbeOutcome.BAD
    )


@pytest.mark.parametrize("failure", FAILURES)
def test_no_answer_at_all_is_bad(failure: str) -> None:
    assert judge(API, ProbeResponse(failure=failure)).outcome is ProbeOutcome.BAD


@pytest.mark.parametrize(
    "seen",
    [
        ProbeResponse(403, {"cf-mitigated": "challenge", **HTML}, ""),
        ProbeResponse(403, HTML, "<title>Just a moment...</title>"),
        ProbeResponse(503, {"CF-Mitigated": "challenge"}, ""),
        ProbeResponse(503, HTML, "<title>Just a moment...</title>"),
        ProbeResponse(403, HTML, "Forbidden"),
    ],
)
@pytest.mark.parametrize("target", [API, FRONT])
def test_a_bot_check_or_a_403_of_a_front_door_is_inconclusive(
    seen: ProbeResponse, target: Target
) -> None:
    assert judge(target, seen).outcome is ProbeOutcome.INCONCLUSIVE


def test_an_outage_page_with_a_stray_script_of_the_bot_check_is_still_an_outage() -> None:
    page = ProbeResponse(503, HTML, "<h1>503</h1><script src='/cdn-cgi/challenge-platform/x.js'>")

    assert judge(FRONT, page).outcome is ProbeOutcome.BAD


def test_a_429_is_ours() -> None:
    look = judge(API, ProbeResponse(429, JSON, error("rate_limit_error")))

    assert (look.outcome, look.ours) == (ProbeOutcome.INCONCLUSIVE, True)


def test_a_refused_key_is_ours_and_accuses_nobody() -> None:
    look = judge(OPUS, ProbeResponse(401, JSON, error("authentication_error")))

    assert (look.outcome, look.ours) == (ProbeOutcome.INCONCLUSIVE, True)


@given(
    st.sampled_from([API, FRONT, OPUS]),
    st.integers(100, 999),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    st.text(max_size=200),
)
def test_any_answer_has_a_judgement_that_repeats_no_foreign_text(
    target: Target, status: int, headers: dict[str, str], body: str
) -> None:
    look = judge(target, ProbeResponse(status, headers, f"§{body}"))

    assert "§" not in look.says


def after(outcomes: str) -> ProbeHistory:
    record: ProbeHistory | None = None
    for minute, letter in enumerate(outcomes):
        outcome = {"g": ProbeOutcome.GOOD, "b": ProbeOutcome.BAD}.get(
            letter, ProbeOutcome.INCONCLUSIVE
        )
        now = NOW + timedelta(minutes=minute)
        record = remember(record, API, ProbeResult(outcome, "answers 529"), now)
    assert record is not None
    return record


def test_one_hiccup_is_not_a_voice_two_are_and_five_stand_alone() -> None:
    weights = [evidence([after("gggggg" + "b" * n)])[0].weight for n in (1, 2, 5)]

    assert weights[0] < AGREE <= weights[1] < ALONE <= weights[2]


def test_a_probe_that_recovers_says_so_and_loses_its_weight_step_by_step() -> None:
    weights = [evidence([after("gbbbbbb" + "g" * n)])[0].weight for n in range(6)]

    assert weights == sorted(weights, reverse=True)
    assert evidence([after("gbbbbbb" + "g" * 6)])[0].severity is Severity.UP


def test_a_target_that_never_answered_from_here_proves_nothing() -> None:
    assert evidence([after("bbbbbb")]) == []
    assert evidence([after("bbbbbbg")])[0].severity is not Severity.UP
    assert evidence([after("gbbbbbbbbb")])[0].weight >= ALONE, "it did, long ago"


def test_an_inconclusive_look_leaves_what_was_known_to_fade() -> None:
    assert after("gg?") == after("gg")


def test_since_is_the_first_of_the_present_row() -> None:
    assert after("ggbbb").since == NOW + timedelta(minutes=2)


def test_our_own_network_is_to_blame_only_if_no_control_answers() -> None:
    bad, good = ProbeResult(ProbeOutcome.BAD, ""), ProbeResult(ProbeOutcome.GOOD, "")

    assert network_is_ours([bad, bad])
    assert not network_is_ours([bad, good])
    assert not network_is_ours([])
