"""Evidence is added up in one place, by rules that can be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.page import Severity
from bot.evidence.suspicion import AGREE, ALONE, case_against, decay, with_others

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
BAD = [Severity.DEGRADED, Severity.PARTIAL, Severity.MAJOR]
OTHERS = [Source.PROBE, Source.REPORTS, Source.TRAFFIC]


def piece(
    source: Source,
    weight: float = 0.5,
    severity: Severity = Severity.DEGRADED,
    age: timedelta = timedelta(0),
    surface: str = "api",
) -> Evidence:
    return Evidence(source, surface, severity, at=NOW - age, weight=weight, says="it fails")


def official(severity: Severity) -> Verdict:
    return Verdict("api", severity, since=None, checked_at=NOW)


pieces = st.builds(
    piece,
    st.sampled_from(OTHERS),
    st.floats(0, 1),
    st.sampled_from(Severity),
    st.timedeltas(timedelta(minutes=-5), timedelta(hours=2)),
    st.sampled_from(["api", "code"]),
)


def test_one_ordinary_voice_raises_no_suspicion() -> None:
    verdict = with_others(official(Severity.UP), [piece(Source.REPORTS, 0.85)], NOW)

    assert verdict.severity is Severity.UP
    assert not verdict.suspected
    assert len(verdict.evidence) == 1, "it is said all the same"


def test_two_kinds_that_agree_raise_up_to_suspected() -> None:
    both = [piece(Source.REPORTS, AGREE), piece(Source.PROBE, AGREE)]

    verdict = with_others(official(Severity.UP), both, NOW)

    assert verdict.suspected
    assert verdict.severity is Severity.DEGRADED


def test_two_probes_are_one_kind() -> None:
    two = [piece(Source.PROBE, 0.6), piece(Source.PROBE, 0.6)]

    assert not with_others(official(Severity.UP), two, NOW).suspected


def test_one_very_strong_voice_suffices() -> None:
    assert with_others(official(Severity.UP), [piece(Source.PROBE, ALONE)], NOW).suspected


def test_evidence_about_another_surface_counts_for_that_one_alone() -> None:
    strong = [piece(Source.PROBE, 1.0, surface="code")]

    assert with_others(official(Severity.UP), strong, NOW) == official(Severity.UP)


@given(st.lists(pieces, max_size=8), st.sampled_from(Severity))
def test_others_never_lower_the_page_and_never_make_an_outage(
    others: list[Evidence], severity: Severity
) -> None:
    verdict = with_others(official(severity), others, NOW)

    assert verdict.severity.rank >= severity.rank
    if verdict.severity is not severity:
        assert severity is Severity.UP
        assert verdict.severity is Severity.DEGRADED
        assert verdict.suspected


@given(st.lists(pieces, max_size=8))
def test_a_page_that_cannot_be_read_stays_unknown(others: list[Evidence]) -> None:
    assert with_others(official(Severity.UNKNOWN), others, NOW).severity is Severity.UNKNOWN


@given(
    st.sampled_from(OTHERS),
    st.timedeltas(timedelta(0), timedelta(hours=1)),
    st.timedeltas(timedelta(0), timedelta(hours=1)),
)
def test_what_is_older_never_counts_more(source: Source, a: timedelta, b: timedelta) -> None:
    assert decay(source, max(a, b)) <= decay(source, min(a, b))


def test_stale_evidence_is_gone_and_is_not_even_mentioned() -> None:
    old = [piece(source, 1.0, age=timedelta(minutes=31)) for source in OTHERS]

    assert with_others(official(Severity.UP), old, NOW) == official(Severity.UP)
    assert case_against("api", old, NOW).calm
