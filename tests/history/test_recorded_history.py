"""Real pages of months and years: every incident told once, whole, in order."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from tests.history.polling import (
    OPENINGS,
    Story,
    observations,
    polled,
    replayed,
    summaries_of_april,
)
from tests.shared import shared_path

ARCHIVES = {
    "data/claude/incidents_2026-07-22_to_2026-08-13.json": 24,
    "data/github/incidents_2026-05-28_to_2026-07-30.json.gz": 50,
    "data/github/incidents_2010_to_2023.jsonl.gz": 1282,
    "data/github/incident_actions_critical.json": 1,
}
POLLS = (
    "data/claude/polls_2026-06-19_to_2026-06-27.jsonl.gz",
    "data/openai/polls_2026-06-19_to_2026-07-02.jsonl.gz",
)
CLAUDE = "data/claude/incidents_2026-07-22_to_2026-08-13.json"


def whole(story: Story, incidents: int) -> None:
    """One beginning, one end, every update once and in order; nothing that did not happen."""
    assert len(story.incidents) == incidents
    counted = story.count()
    assert counted["opened"] + counted["over"] == incidents
    assert counted["opened"] == counted["resolved"]
    for kind in ("withdrawn", "reopened", "corrected"):
        assert counted[kind] == 0, kind
    assert len(story.updates()) == len(set(story.updates()))
    for report in story.reports.values():
        incident = story.incidents[report.id]
        told = [n.update_id for n in incident.events if n.update_id]
        expected = [update.id for update in report.updates]
        if incident.events[0].kind is EventKind.OVER:
            assert told == expected[-1:]
        else:
            assert told == expected


@pytest.mark.parametrize(("name", "incidents"), ARCHIVES.items())
def test_every_incident_of_an_archive_is_told_once_whole_and_in_order(
    name: str, incidents: int
) -> None:
    whole(replayed(shared_path(name)), incidents)


@pytest.mark.parametrize("every", [timedelta(seconds=30), timedelta(minutes=7), timedelta(hours=3)])
@pytest.mark.parametrize(("name", "incidents"), list(ARCHIVES.items())[:2])
def test_so_it_is_however_seldom_the_page_is_looked_at(
    name: str, incidents: int, every: timedelta
) -> None:
    story = polled(observations(shared_path(name)), every)
    counted = story.count()
    assert len(story.provider_incidents()) == incidents
    assert counted["withdrawn"] == counted["corrected"] == 0
    assert len(story.updates()) == len(set(story.updates()))
    for incident in story.provider_incidents():
        kinds = [event.kind for event in incident.events]
        assert sum(kind in OPENINGS for kind in kinds) == 1
        assert kinds.count(EventKind.RESOLVED) == (kinds[0] is not EventKind.OVER)


@pytest.mark.parametrize("name", POLLS)
def test_real_polls_tell_each_incident_once_and_make_none_of_their_own(name: str) -> None:
    story = replayed(shared_path(name))
    for incident in story.incidents.values():
        kinds = [event.kind for event in incident.events]
        assert kinds[0] is EventKind.OPENED
        assert kinds.count(EventKind.OPENED) == 1
        assert kinds.count(EventKind.RESOLVED) <= 1
    assert all(i.origin.value == "provider" for i in story.incidents.values())
    assert story.count()["corrected"] == 0


def test_an_incident_open_for_weeks_under_a_green_page_is_never_told_again() -> None:
    # s9w82lp9dcn9: its impact was moved twice by other incidents in these polls.
    story = replayed(shared_path(POLLS[0]))
    assert "s9w82lp9dcn9" not in story.incidents
    assert story.state is not None
    assert story.state.incidents["s9w82lp9dcn9"].severity is Severity.PARTIAL


def claude() -> dict[str, Incident]:
    return replayed(shared_path(CLAUDE)).incidents


def test_the_timeline_says_how_long_it_was_how_bad() -> None:
    story = claude()["q2kg8n613kr3"]
    times = [(at.strftime("%H:%M"), severity.value) for at, severity in story.timeline]
    assert times == [
        ("19:49", "major_outage"),
        ("21:38", "partial_outage"),
        ("22:20", "up"),
    ]


def test_surfaces_stand_though_the_page_unlinked_them_at_the_end() -> None:
    incidents = claude()
    for id_ in ("q2kg8n613kr3", "bdr3fq2rkchr"):
        surfaces = incidents[id_].surfaces
        assert set(surfaces) >= {"claude.ai", "api", "code", "cowork"}
        assert all(impact.now is Severity.UP for impact in surfaces.values())
        assert all(impact.worst.rank >= Severity.PARTIAL.rank for impact in surfaces.values())


def test_resolved_while_its_components_were_down_is_said_so() -> None:
    last = claude()["j160kkjmm2n1"].events[-1]
    assert (last.kind, last.severity) == (EventKind.RESOLVED, Severity.PARTIAL)


def test_one_that_closes_turns_components_green_under_the_other() -> None:
    kinds = [event.kind.value for event in claude()["mgp99sn4ynd4"].events]
    assert kinds == ["opened", "better", "resolved"]


def test_posted_after_the_fact_is_over_at_once_and_within_its_bounds() -> None:
    incident = claude()["1019wwb67615"]
    assert [event.kind for event in incident.events] == [EventKind.OVER]
    assert incident.ended_at is not None
    assert incident.started_at <= incident.ended_at


def test_what_an_owner_imported_years_later_is_history_only() -> None:
    story = replayed(shared_path("data/github/incidents_2010_to_2023.jsonl.gz"))
    imported = [i for i in story.incidents.values() if i.started_at.year < 2018]
    assert len(imported) > 700
    assert all(incident.quiet for incident in imported)


def test_summaries_in_the_middle_of_an_outage_and_after_it(tmp_path: Path) -> None:
    story = replayed(summaries_of_april(tmp_path))
    assert [event.kind.value for _, event in story.told] == ["opened", "update", "resolved"]
    (incident,) = story.incidents.values()
    worst = {surface: impact.worst for surface, impact in incident.surfaces.items()}
    assert worst == {
        "claude.ai": Severity.MAJOR,
        "api": Severity.PARTIAL,
        "code": Severity.PARTIAL,
        "cowork": Severity.MAJOR,
    }
