"""What the crowd is worth: figures that are shown, one voice of two, and no thread by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.evidence.posts import hacker_news_hits
from bot.domain.evidence import Evidence, Source
from bot.domain.page import Severity
from bot.evidence import crowd, routes
from bot.evidence.crowd import CrowdCount, counted
from bot.evidence.elsewhere import evidence
from bot.evidence.sources import SOURCES, source_named
from bot.evidence.suspicion import case_against, with_others
from tests.unit.messages.examples import verdict

NOW = datetime(2026, 9, 22, 13, 44, tzinfo=UTC)
PUBLIC = (crowd.HACKER_NEWS, crowd.GITHUB, crowd.BLUESKY)


def count(
    source: str = crowd.DOWNDETECTOR, many: int = 448, usual: float = 12, *, age: float = 0
) -> CrowdCount:
    at = NOW - timedelta(minutes=age)
    return CrowdCount(source, "claude.ai", many, usual, 15, at)


def against(*counts: CrowdCount) -> list[Evidence]:
    return [piece for one in counts for piece in evidence([one], one.source)]


def test_the_figures_are_shown_with_the_usual_and_the_window() -> None:
    assert count().words == "448 reports in 15 min, usual 12"


@pytest.mark.parametrize(("many", "usual"), [(12, 12), (19, 1), (35, 12), (0, 0)])
def test_what_is_little_more_than_usual_says_nothing(many: int, usual: float) -> None:
    assert evidence([count(many=many, usual=usual)], crowd.DOWNDETECTOR) == []


def test_a_quiet_source_never_says_that_it_is_up() -> None:
    assert all(piece.severity is not Severity.UP for piece in against(count(), count(many=1)))


def test_overwhelming_reports_make_it_suspected_and_open_no_thread() -> None:
    case = case_against("claude.ai", against(count()), NOW)
    assert case.suspected
    assert not case.opens
    seen = with_others(verdict("claude.ai"), against(count()), NOW)
    assert seen.suspected
    assert seen.severity is Severity.DEGRADED


def test_however_many_sources_of_the_crowd_agree_no_thread_is_opened() -> None:
    loud = [count(), *(count(source, 500, 1) for source in PUBLIC)]
    case = case_against("claude.ai", against(*loud), NOW)
    assert case.suspected
    assert not case.opens


def test_with_one_voice_of_our_own_it_suffices_for_a_thread() -> None:
    probe = Evidence(Source.PROBE, "claude.ai", Severity.DEGRADED, NOW, weight=0.45)
    case = case_against("claude.ai", [*against(count(crowd.BLUESKY, 80, 3)), probe], NOW)
    assert case.opens


def test_public_posts_are_one_voice_however_many() -> None:
    assert {count(source, many, 1).weight for source in PUBLIC for many in (50, 5000)} == {
        crowd.ONE_VOICE
    }


def test_each_fades_by_its_own_time_and_is_gone_then() -> None:
    for source in (crowd.DOWNDETECTOR, *PUBLIC):
        gone = source_named(source).gone_after.total_seconds() / 60
        assert case_against("claude.ai", against(count(source, age=gone)), NOW).calm


def test_only_what_is_said_elsewhere_needs_others() -> None:
    assert {row.name for row in SOURCES if not row.opens} == {
        crowd.DOWNDETECTOR,
        routes.OPENROUTER,
        *PUBLIC,
    }


def test_the_usual_is_that_of_the_time_before_as_far_as_it_was_seen() -> None:
    window = timedelta(minutes=15)
    times = [NOW - timedelta(minutes=n) for n in (1, 2, 20, 40, 60)]
    assert counted(times, NOW, window, NOW - timedelta(minutes=75)) == (2, 0.75)
    assert counted([], NOW, window, NOW) == (0, 0.0)


@pytest.mark.parametrize("text", ["&#" + "9" * 5_000 + ";", "<" * 300_000, "<a " * 100_000])
def test_one_hostile_post_hides_no_other(text: str) -> None:
    rows = [{"created_at_i": 1_790_000_000, "comment_text": f"{said} down"} for said in (text, "x")]
    assert [said.endswith("down") for _, said in hacker_news_hits({"hits": rows})] == [True, True]
