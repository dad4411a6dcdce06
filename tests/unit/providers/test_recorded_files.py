"""Files of recordings and archives, in all their forms, whole, cut short or wrong."""

import gzip
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.providers.recorder import recording
from adapters.providers.recording import open_recording
from bot.domain.errors import BotError, SourceError
from bot.domain.page import Snapshot
from tests.history.polling import replayed
from tests.unit.providers.recordings import (
    API,
    CATALOG,
    OVER,
    PAGE,
    incident,
    only_snapshots,
    poll,
    polls,
    said,
    seen,
)


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
