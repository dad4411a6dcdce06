"""The page's own list as history: what it was, and how long incidents of that kind took."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.providers.statuspage import parse_history, parse_summary, with_history
from bot.catalog.catalog_file import load_catalog
from bot.domain.incident import EventKind, Incident, SeenBy
from bot.domain.page import Severity
from bot.history.past import past_incidents, past_of
from bot.messages.durations import timeline
from bot.status.duration import expected_duration
from tests.shared import shared_path


def recorded() -> list[Incident]:
    summary = shared_path("data/claude/summary_2026-06-02_all_operational.json").read_bytes()
    history = shared_path("data/claude/incidents_2026-07-22_to_2026-08-13.json").read_bytes()
    snapshot = with_history(parse_summary(summary, "claude"), parse_history(history))
    pages = past_of(snapshot.recent or ())
    now = datetime(2026, 9, 15, tzinfo=UTC)
    return past_incidents(pages, snapshot.components, "claude", now, load_catalog())


def test_every_recorded_incident_is_read_with_what_it_touched() -> None:
    incidents = {incident.id: incident for incident in recorded()}

    assert len(incidents) == 24
    critical = incidents["q2kg8n613kr3"]  # whose list of components the page has emptied
    assert critical.worst is Severity.MAJOR
    assert {"api", "code", "claude.ai"} <= critical.surfaces.keys()
    assert {"opus", "haiku"} <= incidents["rkk5x44tndw9"].surfaces.keys()
    assert all(one.seen_by is SeenBy.PAGE and one.quiet for one in incidents.values())
    assert not any(one.is_open or one.severity is not Severity.UP for one in incidents.values())


def test_the_past_has_every_text_and_how_bad_it_was_when() -> None:
    critical = next(i for i in recorded() if i.id == "q2kg8n613kr3")

    assert [event.kind for event in critical.events] == [
        EventKind.OPENED,
        *[EventKind.UPDATE] * 3,
        EventKind.RESOLVED,
    ]
    assert all(event.text and event.update_id for event in critical.events)
    severities = [severity for _, severity in critical.surface_timelines["api"]]
    assert severities == [Severity.MAJOR, Severity.PARTIAL, Severity.UP]
    told = timeline(critical, critical.ended_at or critical.started_at)
    assert told.startswith("major ")


def test_real_history_says_how_long_an_incident_like_this_takes() -> None:
    past = recorded()
    running = next(i for i in past if i.id == "f6gkkq6txl7z")
    others = [i for i in past if i.id != running.id]
    now = running.started_at + timedelta(minutes=1)

    said = expected_duration(replace(running, ended_at=None), others, now)

    assert said is not None
    assert said.n >= 8
    assert timedelta(minutes=20) < said.half < said.nine_in_ten < timedelta(hours=6)


def test_what_the_page_posted_backdated_has_no_length() -> None:
    backdated = next(i for i in recorded() if i.id == "1019wwb67615")
    running = replace(backdated, id="now", ended_at=None)

    assert expected_duration(running, [backdated] * 20, backdated.started_at) is None
