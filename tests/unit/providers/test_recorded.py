"""Recordings read back: polls, and what `record` writes."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.providers.recording import open_recording
from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot
from tests.history.polling import replayed
from tests.unit.providers.recordings import (
    API,
    CATALOG,
    OVER,
    PAGE,
    SUMMARY,
    incident,
    only_snapshots,
    poll,
    polls,
    said,
    seen,
)


def test_polls_are_read_in_order_with_their_times(tmp_path: Path) -> None:
    recording = open_recording(polls(tmp_path / "p.jsonl", poll(1), poll(2)), CATALOG)
    assert recording.provider == "claude"
    times = [at for at, _ in recording.observations]
    assert times == [datetime(2026, 7, 1, 12, n, tzinfo=UTC) for n in (1, 2)]


def test_a_body_may_be_text_and_a_file_compressed(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.write(
            json.dumps(poll(1, json.dumps(SUMMARY), url="https://x/summary.json", status=200))
        )
    (snapshot,) = only_snapshots(path)
    assert [c.id for c in snapshot.components] == [API["id"]]


@pytest.mark.parametrize(
    "line",
    [
        poll(1, "<html>busy</html>", status=200),
        poll(1, "", status=405),
        poll(1, "", status=0, error="timed out"),
        poll(1, '{"page": {', status=200),
        poll(1, {"error": "overloaded"}),
        poll(1, []),
    ],
)
def test_what_was_no_page_is_a_failed_look(tmp_path: Path, line: dict[str, Any]) -> None:
    ((_, first), (_, second)) = seen(polls(tmp_path / "p.jsonl", poll(0), line))
    assert isinstance(first, Snapshot)
    assert isinstance(second, SourceError)


def test_polls_without_a_history_list_say_that_there_is_none(tmp_path: Path) -> None:
    (snapshot,) = only_snapshots(polls(tmp_path / "p.jsonl", poll(1)))
    assert not snapshot.has_history
    assert snapshot.recent is None


def test_a_history_list_belongs_to_the_summary_before_it(tmp_path: Path) -> None:
    path = polls(
        tmp_path / "p.jsonl",
        poll(1, url="https://s/api/v2/summary.json", status=200),
        poll(
            1,
            {"page": PAGE, "incidents": [OVER]},
            url="https://s/api/v2/incidents.json",
            status=200,
        ),
    )
    (snapshot,) = only_snapshots(path)
    assert snapshot.recent is not None
    assert [r.id for r in snapshot.recent] == ["i"]
    assert [c.id for c in snapshot.components] == [API["id"]]


def recorded(look: int, name: str, body: object = "", status: int = 200) -> dict[str, Any]:
    """A line as `record` writes it; looks may follow each other closely."""
    return poll(1, body, look=look, url=f"https://s/api/v2/{name}", status=status)


def failed(look: int) -> dict[str, Any]:
    return poll(1, "", look=look, url="https://s", status=0, error="timed out")


OUTAGE = SUMMARY | {"components": [API | {"status": "partial_outage"}]}
LIST = {"page": PAGE, "incidents": [OVER]}


def test_the_answers_of_one_look_are_one_look_however_closely_looks_follow(tmp_path: Path) -> None:
    path = polls(
        tmp_path / "p.jsonl",
        recorded(1, "summary.json", SUMMARY),
        recorded(1, "incidents.json", LIST),
        recorded(2, "summary.json", status=304),
        failed(3),
        recorded(4, "summary.json", OUTAGE),
        recorded(4, "incidents.json", status=304),
    )
    first, second, third, fourth = (what for _, what in seen(path))
    assert isinstance(first, Snapshot)
    assert isinstance(second, Snapshot)
    assert isinstance(third, SourceError)
    assert isinstance(fourth, Snapshot)
    assert (first.recent, second.recent) == (fourth.recent, None)
    assert second.components == first.components != fourth.components


def test_a_component_seen_bad_in_one_look_is_still_held_back(tmp_path: Path) -> None:
    """Its summary and its list are one look: they do not confirm each other."""
    path = polls(
        tmp_path / "p.jsonl",
        recorded(1, "summary.json", SUMMARY),
        recorded(1, "incidents.json", LIST),
        recorded(2, "summary.json", OUTAGE),
        recorded(2, "incidents.json", LIST),
        recorded(3, "summary.json", SUMMARY),
        recorded(3, "incidents.json", LIST),
    )
    assert replayed(path).told == []


def test_a_look_that_failed_halfway_is_a_failed_look(tmp_path: Path) -> None:
    path = polls(
        tmp_path / "p.jsonl",
        recorded(1, "summary.json", SUMMARY),
        recorded(1, "incidents.json", "busy", 500),
        failed(1),
        recorded(2, "summary.json", SUMMARY),
        recorded(2, "incidents.json", "busy", 500),
    )
    first, second = (what for _, what in seen(path))
    assert isinstance(first, SourceError)
    assert isinstance(second, Snapshot)  # told from the summary alone
    assert second.recent is None


def test_not_modified_means_the_same_again(tmp_path: Path) -> None:
    url = "https://s/api/v2/summary.json"
    path = polls(
        tmp_path / "p.jsonl",
        poll(1, url=url, status=200),
        poll(2, "", url=url, status=304),
        poll(3, "", url="https://s/other", status=304),
    )
    first, second, third = (what for _, what in seen(path))
    assert first == second
    assert isinstance(third, SourceError)


def test_a_recording_of_history_lists_alone_is_a_page_without_components(tmp_path: Path) -> None:
    running = incident("i", said("u1", "12:00:00", "investigating", "operational", "major_outage"))
    path = polls(
        tmp_path / "p.jsonl",
        poll(0, {"page": PAGE, "incidents": []}),
        poll(1, {"page": PAGE, "incidents": [running]}),
        poll(31, {"page": PAGE, "incidents": [OVER]}),
    )
    story = replayed(path)
    assert [event.kind.value for _, event in story.told] == ["opened", "resolved"]
    assert story.incidents["i"].surfaces["api"].worst is Severity.MAJOR


def test_a_page_of_a_stranger_is_named_after_itself(tmp_path: Path) -> None:
    page = {"id": "zzz", "name": "Acme Cloud", "url": "https://status.acme.test"}
    path = polls(tmp_path / "p.jsonl", poll(1, SUMMARY | {"page": page}))
    assert open_recording(path, CATALOG).provider == "acme-cloud"
    assert open_recording(path, CATALOG, "mine").provider == "mine"
