"""What is offered instead: only what is known to work, its like first, with its evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.page import Severity
from bot.messages.advice import advice_line, switch_line
from bot.messages.text import in_words
from bot.status.advice import Do, advice
from bot.status.document import document
from bot.status.switch import proof, switch_targets
from bot.status.view import ProviderStatus, StatusView
from tests.unit.messages.examples import NOW, ago

WATCHED = ["claude", "openai", "bedrock/eu-west-1", "openrouter", "azure-openai"]
CATALOG = only(load_catalog(), WATCHED)
UP, MAJOR, UNKNOWN = Severity.UP, Severity.MAJOR, Severity.UNKNOWN
BEDROCK = "bedrock/eu-west-1"


def verdict(surface: str, severity: Severity = UP, *more: Evidence, age: float = 0.5) -> Verdict:
    own = Evidence(Source.PAGE, surface, severity, ago(age), says=severity.words)
    return Verdict(surface, severity, None, ago(age), (own, *more))


def view_of(*verdicts: Verdict, alternatives: tuple[str, ...] = ()) -> StatusView:
    """Nothing is known of the surfaces that are not named."""
    by_provider: dict[str, list[Verdict]] = {}
    for one in verdicts:
        surface = CATALOG.surface(one.surface)
        assert surface is not None
        by_provider.setdefault(surface.provider, []).append(one)
    providers = tuple(
        ProviderStatus(p, tuple(v), checked_at=max(one.checked_at or NOW for one in v))
        for p, v in by_provider.items()
    )
    return StatusView(NOW, CATALOG, providers, alternatives)


def offered(surface: str, *verdicts: Verdict, alternatives: tuple[str, ...] = ()) -> list[str]:
    view = view_of(verdict(surface, MAJOR), *verdicts, alternatives=alternatives)
    return [target.surface for target in switch_targets(view, surface)]


def test_nothing_is_offered_that_a_team_has_not_said_it_can_use() -> None:
    assert offered("api", verdict(BEDROCK), verdict("openai/api")) == []
    assert offered("api", verdict(BEDROCK), alternatives=("bedrock",)) == [BEDROCK]


@pytest.mark.parametrize("severity", [UNKNOWN, MAJOR, Severity.DEGRADED, Severity.MAINTENANCE])
def test_what_is_not_known_to_work_is_not_offered(severity: Severity) -> None:
    assert offered("api", verdict(BEDROCK, severity), alternatives=("bedrock",)) == []


def test_claude_by_another_cloud_comes_before_another_model() -> None:
    found = offered(
        "api", verdict("openai/api"), verdict(BEDROCK), alternatives=("openai", "bedrock")
    )
    assert found == [BEDROCK, "openai/api"]


def test_the_same_job_comes_before_the_providers_own_other_surfaces() -> None:
    found = offered(
        "claude.ai", verdict("api"), verdict("openai/chatgpt"), alternatives=("openai",)
    )
    assert found == ["openai/chatgpt", "api"]


def test_a_provider_stands_for_its_surfaces_of_the_same_job_alone() -> None:
    others = (verdict("openai/chatgpt"), verdict("openai/codex"), verdict("openai/login"))
    assert offered("api", *others, alternatives=("openai",)) == []
    assert offered("code", *others, alternatives=("openai",)) == ["openai/codex"]


def test_a_surface_that_was_named_itself_is_offered_whatever_its_job() -> None:
    found = offered("api", verdict("openai/chatgpt"), alternatives=("openai/chatgpt",))
    assert found == ["openai/chatgpt"]


def test_trouble_that_people_report_outweighs_a_page_that_says_up() -> None:
    reported = Evidence(Source.REPORTS, BEDROCK, Severity.DEGRADED, ago(1))
    assert offered("api", verdict(BEDROCK, UP, reported), alternatives=("bedrock",)) == []


def test_what_is_known_from_texts_alone_is_no_proof() -> None:
    text = Evidence(Source.PAGE, BEDROCK, UP, ago(1), from_text=True)
    assert proof(Verdict(BEDROCK, UP, None, ago(1), (text,))) is None
    assert proof(Verdict(BEDROCK, UP, None, ago(1))) is None


def test_what_a_page_showed_that_fails_now_is_not_offered_nor_what_is_long_ago() -> None:
    view = view_of(verdict("api", MAJOR), verdict(BEDROCK), alternatives=("bedrock",))
    claude, bedrock = view.providers
    for unseen in (
        replace(bedrock, failing_since=ago(0.1)),
        replace(bedrock, checked_at=ago(3)),  # polled every minute: it missed its turns
        replace(bedrock, checked_at=None),
    ):
        assert not switch_targets(replace(view, providers=(claude, unseen)), "api")
    assert switch_targets(replace(view, providers=(claude, bedrock)), "api")


def test_the_newest_evidence_is_the_one_that_is_named() -> None:
    probe = Evidence(Source.PROBE, BEDROCK, UP, ago(0.1), says="answered in 80 ms")
    (target,) = switch_targets(
        view_of(verdict("api", MAJOR), verdict(BEDROCK, UP, probe), alternatives=("bedrock",)),
        "api",
    )
    assert (target.source, target.says) == (Source.PROBE, "answered in 80 ms")


def test_answer_document_and_root_say_the_same_from_one_function() -> None:
    view = view_of(verdict("api", MAJOR), verdict(BEDROCK), alternatives=("bedrock",))
    advised = advice(view, "api", 0)
    assert advised is not None
    assert (advised.do, advised.use) == (Do.SWITCH, (BEDROCK,))
    assert "use Bedrock in eu-west-1 (official page, 30 s ago), which works" in advice_line(
        view, "api"
    )
    retry = document(view, ["api"]).verdicts[0].retry
    assert [(t.surface, t.source, t.age) for t in retry.targets] == [(BEDROCK, "page", 30)]
    line = switch_line(switch_targets(view, "api"), view.catalog)
    assert in_words(line).startswith("You can use instead: Bedrock in eu-west-1 (official page,")


SURFACES = [BEDROCK, "openai/api", "openai/chatgpt", "openrouter/chat", "azure-openai/service"]
PIECES = st.builds(
    Evidence,
    st.sampled_from(Source),
    st.just(""),
    st.sampled_from(Severity),
    st.floats(0, 600).map(ago),
    from_text=st.booleans(),
)
VERDICTS = st.builds(
    Verdict,
    st.just(""),
    st.sampled_from(Severity),
    st.none(),
    st.just(NOW),
    st.lists(PIECES, max_size=3).map(tuple),
    suspected=st.booleans(),
)


@given(st.lists(VERDICTS, min_size=len(SURFACES), max_size=len(SURFACES)))
def test_whatever_is_known_no_target_is_anything_but_up_by_itself(found: list[Verdict]) -> None:
    named = [replace(one, surface=s) for s, one in zip(SURFACES, found, strict=True)]
    view = view_of(verdict("api", MAJOR), *named, alternatives=tuple(SURFACES))
    for target in switch_targets(view, "api"):
        there = view.verdict(target.surface)
        assert there is not None
        assert there.is_up
        assert any(p.severity is UP and not p.from_text for p in there.evidence)
        assert not any(p.severity.is_impaired for p in there.evidence)
