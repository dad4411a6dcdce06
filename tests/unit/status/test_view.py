"""What is true now, read from stored states: freshness, and what rests on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.catalog import Catalog
from bot.catalog.providers import generic
from bot.domain.evidence import Evidence, Source
from bot.domain.incident import Impact, Incident
from bot.domain.page import Severity
from bot.status.advice import Do, advice
from bot.status.document import document
from bot.status.view import StatusView, status_view
from tests.unit.messages.examples import (
    CLAUDE,
    DEGRADED,
    MAJOR,
    NOW,
    OUTAGE,
    PARTIAL,
    QUIET,
    UP,
    ago,
    page_state,
    verdict,
)

MODELS = [surface.id for surface in CLAUDE.surfaces() if surface.model]


def view_of(*changed: tuple[str, Severity], evidence: tuple[Evidence, ...] = ()) -> StatusView:
    """All rows are up but these."""
    how = dict(changed)
    rows = [verdict(v.surface, how.get(v.surface, UP)) for v in QUIET]
    return status_view(CLAUDE, {"claude": page_state(rows)}, NOW, evidence)


@pytest.mark.parametrize("severity", [UP, DEGRADED, PARTIAL, MAJOR, Severity.MAINTENANCE])
def test_a_surface_without_a_row_is_as_good_as_what_carries_it(severity: Severity) -> None:
    view = view_of(("api", severity))
    for model in MODELS:
        found = view.verdict(model)
        assert found is not None
        assert (found.severity, found.carried_by) == (severity, "api")
        assert "not on the page; the API it runs on" in found.evidence[0].says
    phones = view_of(("claude.ai", severity)).verdict("mobile")
    assert phones is not None
    assert (phones.severity, phones.carried_by) == (severity, "claude.ai")


def test_a_script_is_not_told_to_retry_a_model_while_the_api_is_down() -> None:
    view = view_of(*((v.surface, MAJOR) for v in QUIET if v.surface != "government"))
    assert document(view, ["opus"]).exit_code == 20
    advised = advice(view, "opus", 0)
    assert advised is not None
    assert advised.do is Do.STOP


def test_a_suspicion_of_what_carries_it_is_one_of_the_surface_too() -> None:
    probe = Evidence(Source.PROBE, "api", PARTIAL, NOW, says="it answers 529", weight=1.0)
    found = view_of(evidence=(probe,)).verdict("opus")
    assert found is not None
    assert (found.suspected, found.severity) == (True, DEGRADED)


def test_evidence_against_a_model_alone_is_not_laid_on_what_carries_it() -> None:
    probe = Evidence(Source.PROBE, "opus", PARTIAL, NOW, says="it answers 529", weight=1.0)
    seen = view_of(evidence=(probe,))
    opus, api = seen.verdict("opus"), seen.verdict("api")
    assert opus
    assert api
    assert (opus.suspected, opus.carried_by, api.suspected) == (True, "", False)


def test_good_evidence_of_its_own_makes_nothing_better_than_what_carries_it() -> None:
    fine = Evidence(Source.TRAFFIC, "opus", UP, NOW, says="all went well", weight=1.0)
    found = view_of(("api", MAJOR), evidence=(fine,)).verdict("opus")
    assert found is not None
    assert found.severity is MAJOR


def test_an_incident_that_names_it_counts_where_it_is_worse_than_what_carries_it() -> None:
    named = replace(OUTAGE, surfaces={"opus": Impact(DEGRADED, DEGRADED, from_text=True)})
    for api, severity, carrier in ((UP, DEGRADED, ""), (MAJOR, MAJOR, "api")):
        rows = [verdict(v.surface, api if v.surface == "api" else UP) for v in QUIET]
        view = status_view(CLAUDE, {"claude": page_state(rows, [named])}, NOW)
        found = view.verdict("opus")
        assert found is not None
        assert (found.severity, found.carried_by) == (severity, carrier)


def test_what_carries_it_being_unknown_makes_it_unknown() -> None:
    rows = [v for v in QUIET if v.surface != "api"]
    view = status_view(CLAUDE, {"claude": page_state(rows)}, NOW)
    for surface in ("api", "opus"):
        found = view.verdict(surface)
        assert found is not None
        assert found.severity is Severity.UNKNOWN


def test_a_page_that_was_never_read_has_unknown_verdicts_of_all_its_surfaces() -> None:
    view = status_view(CLAUDE, {}, NOW, failures={"claude": "it cannot be read"})
    assert {v.severity for v in view.verdicts} == {Severity.UNKNOWN}
    assert not view.providers[0].is_fresh
    said = document(view, ["api"])
    assert said.verdicts[0].reason == "it cannot be read"
    assert said.exit_code == 30


@pytest.mark.parametrize(
    ("minutes", "failing", "fresh"),
    [
        *[
            (1, False, True),
            (9, False, True),
            (11, False, False),
            (1, True, True),
            (3, True, False),
        ],
        # Seen in the future: this machine's clock was set back.
        *[(-1, False, True), (-11, False, False), (-1, True, True), (-3, True, False)],
    ],
)
def test_what_is_too_old_to_speak_of_the_present(
    minutes: float, *, failing: bool, fresh: bool
) -> None:
    state = replace(page_state(QUIET), observed_at=ago(minutes))
    if failing:
        state = replace(state, failing_since=ago(minutes) + timedelta(seconds=30))
    view = status_view(CLAUDE, {"claude": state}, NOW)
    assert view.providers[0].is_fresh is fresh
    assert (view.verdicts[0].severity is UP) is fresh


def test_a_page_known_by_its_url_has_the_surfaces_that_were_seen_on_it() -> None:
    catalog = Catalog({"acme": generic("acme", page="https://status.acme.test", label="acme")})
    state = replace(page_state(QUIET), provider="acme")
    view = status_view(catalog, {"acme": state}, NOW)
    assert {v.severity for v in view.verdicts} == {UP}
    assert view.catalog.label("acme/claude-code") == "Claude Code"


def said(*texts: str) -> Incident:
    """An open incident of the provider's with these texts, naming no component."""
    events = tuple(
        replace(event, text=text) for event, text in zip(OUTAGE.events, texts, strict=False)
    )
    return replace(OUTAGE, title=texts[0], surfaces={}, severity=DEGRADED, events=events)


def accused(incident: Incident, versions: Mapping[str, str] | None = None) -> dict[str, Severity]:
    state = page_state(QUIET, [incident])
    view = status_view(CLAUDE, {"claude": state}, NOW, versions=versions)
    return {v.surface: v.severity for v in view.verdicts if v.surface in MODELS and v.in_trouble}


def test_an_incident_of_multiple_models_accuses_every_model() -> None:
    assert accused(said("Errors on multiple models", "")) == dict.fromkeys(MODELS, DEGRADED)


def test_what_has_recovered_is_as_good_as_what_carries_it() -> None:
    ended = said("Errors across all models", "All models except Opus 5 have recovered.")
    assert accused(ended) == {"opus": DEGRADED}


def test_one_version_of_a_model_accuses_no_other() -> None:
    five = said("Elevated errors on Opus 5", "We look.")
    assert accused(five) == accused(five, {"opus": "5"}) == {"opus": DEGRADED}
    assert accused(five, {"opus": "4.8"}) == {}
