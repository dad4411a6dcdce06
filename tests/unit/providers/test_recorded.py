"""Recordings read back: polls, what `record` writes, archives; and what is wrong with a file."""

import gzip
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.providers.recorder import recording
from adapters.providers.recording import Observation, open_recording
from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import BotError, SourceError
from bot.domain.page import Severity, Snapshot
from tests.history.polling import replayed

CATALOG = load_catalog()
PAGE = {"id": "tymt9n04zgry", "name": "Claude", "updated_at": "2026-07-01T12:00:00Z"}
API = {"id": "k8w3r06qmzrp", "name": "Claude API (api.anthropic.com)", "status": "operational"}
SUMMARY = {"page": PAGE, "components": [API], "incidents": [], "scheduled_maintenances": []}


def said(id_: str, at: str, phase: str, before: str = "", after: str = "") -> dict[str, Any]:
    moved = [{"code": API["id"], "name": API["name"], "old_status": before, "new_status": after}]
    return {
        "id": id_,
        "status": phase,
        "body": id_,
        "created_at": f"2026-07-01T{at}Z",
        "display_at": f"2026-07-01T{at}Z",
        "affected_components": moved if before else None,
    }


def incident(id_: str, *updates: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Updates newest first, as on the page."""
    return {
        "id": id_,
        "name": "Trouble",
        "status": updates[0]["status"],
        "impact": "major",
        "created_at": updates[-1]["created_at"],
        "updated_at": "2026-07-20T10:00:00Z",
        "resolved_at": updates[0]["created_at"] if updates[0]["status"] == "resolved" else None,
        "page_id": PAGE["id"],
        "incident_updates": list(updates),
        "components": [],
    } | more


OVER = incident(
    "i",
    said("u2", "12:30:00", "resolved"),
    said("u1", "12:00:00", "investigating", "operational", "partial_outage"),
)


def polls(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def poll(minute: int, body: object = None, **more: Any) -> dict[str, Any]:
    line = {
        "observed_at": f"2026-07-01T12:{minute:02}:00Z",
        "body": SUMMARY if body is None else body,
    }
    return line | more


def seen(path: Path) -> list[Observation]:
    return list(open_recording(path, CATALOG).observations)


def only_snapshots(path: Path) -> list[Snapshot]:
    return [what for _, what in seen(path) if isinstance(what, Snapshot)]


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


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "nothing is recorded"),
        ('{"observed_at": "2026-07-01T12:00:00Z", "body": {}}\nrubbish\n{}\n', "line 2"),
        ('{"observed_at": "2026-07-01T12:00:00Z", "body": {}}\n{"x": 1}\n', "line 2"),
        ('{"observed_at": "yesterday", "body": {}}\n', "line 1"),
        ("[1, 2]", "neither polls nor an archive"),
        ("7", "neither polls nor an archive|not an incident|no object"),
        ('{"id": "i", "incident_updates": []}\n[1]\n', "line 2"),
        ('{"incidents": [{"begin": "2026"}]}', "none of its 1 incidents"),
        ("rubbish", "line 1"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_line(
    tmp_path: Path, content: str, says: str
) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text(content)
    with pytest.raises(BotError, match=says) as raised:
        list(open_recording(path, CATALOG).observations)
    assert "wrong.jsonl" in str(raised.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="No such file"):
        open_recording(tmp_path / "absent.jsonl", CATALOG)


def test_a_recording_cut_short_is_a_shorter_recording(tmp_path: Path) -> None:
    path = polls(tmp_path / "p.jsonl", poll(1), poll(2))
    path.write_text(path.read_text()[:-30])
    assert len(seen(path)) == 1


def test_one_that_was_compressed_and_cut_short_is_a_shorter_recording_too(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    lines = [
        json.dumps(poll(number, note=hashlib.sha256(b"%d" % number).hexdigest())) + "\n"
        for number in range(60)
    ]
    whole = gzip.compress("".join(lines).encode())
    path.write_bytes(whole[: len(whole) - 60])
    assert 1 < len(seen(path)) < 60


def test_what_a_killed_recorder_left_half_written_is_taken_away(tmp_path: Path) -> None:
    path = polls(tmp_path / "p.jsonl", poll(1), poll(2))
    path.write_text(path.read_text()[:-30])
    with recording(path, lambda: datetime(2026, 7, 1, 12, 5, tzinfo=UTC)) as recorder:
        recorder.failed("https://status.claude.com", SourceError("no answer"))
    (_, first), (_, second) = seen(path)
    assert isinstance(first, Snapshot)
    assert isinstance(second, SourceError)


def test_whatever_else_stands_in_a_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with recording(path, lambda: datetime(2026, 7, 1, tzinfo=UTC)):
        pass
    assert path.read_text() == "mine"


def test_a_compressed_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(gzip.compress((json.dumps(poll(1)) + "\n").encode()))
    assert len(seen(path)) == 1


@pytest.mark.parametrize("form", ["object", "list", "one", "lines"])
def test_an_archive_is_known_in_all_its_forms(tmp_path: Path, form: str) -> None:
    documents = {
        "object": json.dumps({"page": PAGE, "incidents": [OVER]}, indent=1),
        "list": json.dumps([OVER]),
        "one": json.dumps(OVER, indent=1),
        "lines": json.dumps(OVER) + "\n" + json.dumps(OVER | {"id": "j", "incident_updates": []}),
    }
    path = tmp_path / "archive.json"
    path.write_text(documents[form])
    story = replayed(path)
    assert {"opened", "resolved"} <= set(story.count())
    assert story.incidents["i"].provider == "claude"


def test_an_archive_begins_with_a_quiet_page_and_shows_each_moment(tmp_path: Path) -> None:
    path = tmp_path / "archive.json"
    path.write_text(json.dumps({"page": PAGE, "incidents": [OVER]}))
    pages = only_snapshots(path)
    states = [page.components[0].severity.value for page in pages]
    # Quiet, opened, resolved (which unlinked the component), touched three weeks later.
    assert states == ["up", "partial_outage", "up", "up"]
    assert [len(page.incidents) for page in pages] == [0, 1, 0, 0]
    assert pages[1].incidents[0].components == (API["id"],)
    assert pages[2].recent is not None
    assert pages[2].recent[0].components == ()


def test_a_backdated_incident_is_on_the_page_from_when_it_was_written(tmp_path: Path) -> None:
    late = said("u1", "11:00:00", "resolved") | {"created_at": "2026-07-01T15:56:48Z"}
    path = tmp_path / "archive.json"
    path.write_text(json.dumps({"page": PAGE, "incidents": [incident("i", late)]}))
    recording = list(open_recording(path, CATALOG).observations)
    assert recording[1][0] == datetime(2026, 7, 1, 15, 56, 48, tzinfo=UTC)
    assert [event.kind.value for _, event in replayed(path).told] == ["over"]


def test_a_page_of_a_stranger_is_named_after_itself(tmp_path: Path) -> None:
    page = {"id": "zzz", "name": "Acme Cloud", "url": "https://status.acme.test"}
    path = polls(tmp_path / "p.jsonl", poll(1, SUMMARY | {"page": page}))
    assert open_recording(path, CATALOG).provider == "acme-cloud"
    assert open_recording(path, CATALOG, "mine").provider == "mine"
