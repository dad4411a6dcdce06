"""The hard cases of one real summer, from their facts alone: these run everywhere."""

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from tests.history.facts import claude_2026
from tests.history.polling import Story, observations, polled, replayed

EVERYWHERE = {"claude.ai", "api", "code", "cowork"}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "incidents.json"
    path.write_text(json.dumps(claude_2026()))
    return path


def kinds(incident: Incident) -> list[str]:
    return [event.kind.value for event in incident.events]


def test_every_incident_is_told_once_whole_and_in_order(archive: Path) -> None:
    story = replayed(archive)
    facts = {i["id"]: i for i in claude_2026()["incidents"]}
    assert set(story.incidents) == set(facts)
    for id_, incident in story.incidents.items():
        expected = [u["id"] for u in reversed(facts[id_]["incident_updates"])]
        told = [event.update_id for event in incident.events if event.update_id]
        assert told == expected
        assert sum(kind in ("opened", "over") for kind in kinds(incident)) == 1
        assert kinds(incident).count("resolved") == (kinds(incident)[0] == "opened")


@pytest.mark.parametrize("minutes", [0.5, 10, 240])
def test_polls_of_any_pace_tell_each_update_once(archive: Path, minutes: float) -> None:
    story = polled(observations(archive), timedelta(minutes=minutes))
    assert len(story.incidents) == len(claude_2026()["incidents"])
    assert len(story.updates()) == len(set(story.updates()))
    assert story.count()["corrected"] == story.count()["withdrawn"] == 0


def test_a_bulk_touch_weeks_later_is_no_news(archive: Path) -> None:
    # All of them carry an `updated_at` of 14 August without a new word.
    story = replayed(archive)
    assert max(event.observed_at for _, event in story.told).isoformat() < "2026-08-14"


def told(archive: Path) -> Story:
    return replayed(archive)


def test_severity_moves_inside_an_incident_both_ways(archive: Path) -> None:
    incidents = told(archive).incidents
    worst = [s.value for _, s in incidents["zftg3gqkmv18"].timeline]
    assert worst == ["degraded", "partial_outage", "up"]
    eased = [s.value for _, s in incidents["rkk5x44tndw9"].timeline]
    assert eased == ["partial_outage", "degraded"]
    assert kinds(incidents["zftg3gqkmv18"]) == ["opened", "update", "worse", "better", "resolved"]


def test_the_great_outage_was_major_then_partial(archive: Path) -> None:
    incident = told(archive).incidents["q2kg8n613kr3"]
    lengths = [b - a for (a, _), (b, _) in pairwise(incident.timeline)]
    assert [severity for _, severity in incident.timeline[:2]] == [Severity.MAJOR, Severity.PARTIAL]
    assert [round(length / timedelta(minutes=1)) for length in lengths] == [109, 42]


def test_recovery_reaches_every_surface_that_was_touched(archive: Path) -> None:
    for id_ in ("q2kg8n613kr3", "bdr3fq2rkchr"):
        incident = told(archive).incidents[id_]
        assert set(incident.surfaces) == EVERYWHERE
        recovered = {
            c.surface for n in incident.events for c in n.changes if c.after is Severity.UP
        }
        assert recovered == EVERYWHERE


def test_closing_one_turns_components_green_under_another(archive: Path) -> None:
    assert kinds(told(archive).incidents["mgp99sn4ynd4"]) == ["opened", "better", "resolved"]


def test_resolved_with_components_down_says_so(archive: Path) -> None:
    last = told(archive).incidents["j160kkjmm2n1"].events[-1]
    assert (last.kind, last.severity) == (EventKind.RESOLVED, Severity.PARTIAL)


def test_posted_after_the_fact_is_over_within_its_bounds(archive: Path) -> None:
    incident = told(archive).incidents["1019wwb67615"]
    assert kinds(incident) == ["over"]
    assert incident.ended_at is not None
    assert incident.started_at <= incident.ended_at
