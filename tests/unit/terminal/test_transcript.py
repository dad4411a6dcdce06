from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.terminal.transcript import KEPT, Transcript, TranscriptRecord, read_records
from tests.unit.messages.examples import NOW, ago

ROOT = TranscriptRecord(ago(10), "k/root", "r1", of="Trouble", drawn="aa")
REPLY = TranscriptRecord(ago(5), "k/1", "r2", root="r1", drawn="bb")


def written(path: Path, *records: TranscriptRecord) -> Path:
    transcript = Transcript(path, NOW)
    for record in records:
        transcript.add(record)
    transcript.close()
    return path


def test_what_was_recorded_is_found_after_a_restart(tmp_path: Path) -> None:
    again = Transcript(written(tmp_path / "t", ROOT, REPLY), NOW)
    assert again.find(None, "k/root", ago(11)) == "r1"
    assert again.find("r1", "k/1", ago(11)) == "r2"
    assert again.find(None, "k/1", ago(11)) is None
    assert again.find("r1", "k/1", ago(4)) is None
    again.close()


def test_the_file_is_its_owners_alone_also_if_it_was_everybodys(tmp_path: Path) -> None:
    path = written(tmp_path / "t", ROOT)
    path.chmod(0o644)
    Transcript(path, NOW).close()
    assert path.stat().st_mode & 0o077 == 0


def test_a_revision_keeps_the_time_at_which_it_was_first_sent(tmp_path: Path) -> None:
    revised = TranscriptRecord(NOW, "k/root", "r1", of="Trouble · over", drawn="cc")
    again = Transcript(written(tmp_path / "t", ROOT, revised), NOW)
    assert again.find(None, "k/root", ago(1)) is None
    record = again.get("r1")
    assert record
    assert (record.of, record.drawn, record.at) == ("Trouble · over", "cc", ROOT.at)
    again.close()


def test_what_is_old_is_dropped_at_start_and_each_message_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path / "t", ROOT, REPLY, *[ROOT] * 50)
    Transcript(path, NOW).close()
    assert len(path.read_text().splitlines()) == 2
    Transcript(path, ago(10) + KEPT + timedelta(seconds=1)).close()
    assert [record.ref for record in read_records(path)] == ["r2"]


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_any_torn_or_foreign_line_is_passed_over(tmp_path_factory: object, junk: bytes) -> None:
    path = tmp_path_factory.mktemp("t") / "t"  # type: ignore[attr-defined]  # pytest's own
    written(path, ROOT, REPLY)
    whole = path.read_bytes()
    path.write_bytes(b"\n" + junk + b"\n" + whole[:-10])
    transcript = Transcript(path, NOW)
    assert transcript.find(None, "k/root", ago(11)) == "r1"
    transcript.add(REPLY)
    transcript.close()
    assert "r2" in [record.ref for record in read_records(path)]
