"""Log lines cost nobody anything: neither a slow reader, nor one that is gone, nor a prompt."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import structlog

from bot.logs import MOST_KEPT, MOST_WAITING, VIEW, LogStream, LogView, set_up_logs

BUSY = "x" * 2000


@pytest.fixture(autouse=True)
def _structlog_as_it_was() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_reader_that_does_not_read_holds_up_nothing_and_is_told_what_it_missed() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        stream = LogStream(out)
        set_up_logs("info", "json", stream)
        log = structlog.get_logger()

        for number in range(MOST_WAITING + 500):  # it would stop here if it waited
            log.info("something.happened", number=number, busy=BUSY)

        missed, data = stream.dropped, b""
        while b"lines_dropped" not in data or not data.endswith(b"\n"):
            data += os.read(reader, 1 << 20)
    os.close(reader)
    *kept, told = [json.loads(line) for line in data.decode().splitlines()]
    assert (told["event"], told["lines"]) == ("log.lines_dropped", missed)
    assert missed == MOST_WAITING + 500 - len(kept) > 0
    numbers = [line["number"] for line in kept]
    assert numbers == sorted(set(numbers))  # in order; where it read meanwhile, with a gap


def test_nobody_reading_any_more_ends_nothing() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        stream = LogStream(out)
        set_up_logs("info", "json", stream)
        os.close(reader)

        for number in range(10):
            structlog.get_logger().info("something.happened", number=number)
        stream.drain(10)

        assert stream.dropped == 10


def test_half_a_line_is_written_with_its_end_or_at_the_end() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        stream = LogStream(out)
        stream.write("a ")
        stream.write("line\nand a ")
        stream.write("half")
        stream.drain(10)
        assert os.read(reader, 100) == b"a line\nand a half"
    os.close(reader)


def test_what_is_flushed_is_written_though_the_line_goes_on() -> None:
    """As progress on one line does."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        stream = LogStream(out)
        stream.write("\r40 %")
        stream.flush()
        assert os.read(reader, 100) == b"\r40 %"
        stream.drain(10)
    os.close(reader)


def test_the_view_of_the_prompt_keeps_the_last_lines_and_hands_on_every_event() -> None:
    VIEW.lines.clear()
    set_up_logs("info", "auto", VIEW, listening=True)
    log = structlog.get_logger()
    heard: list[str] = []

    log.info("before.anybody_listened")
    VIEW.listen(lambda event: heard.append(event["event"]))
    log.info("page.failed", provider="claude")
    log.debug("too.little")
    VIEW.listen(None)

    assert heard == ["before.anybody_listened", "page.failed"]
    assert [line.split()[-1] for line in VIEW.lines][-1] == "provider=claude"
    assert "\x1b" not in "".join(VIEW.lines)


def test_the_view_does_not_grow() -> None:
    view = LogView()
    for number in range(MOST_KEPT + 5):
        view.write(f"{number}\n")

    assert [view.lines[0], view.lines[-1]] == ["5", str(MOST_KEPT + 4)]


def test_a_prompt_hears_of_events_also_if_the_lines_go_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard: list[str] = []
    set_up_logs("info", "json", listening=True)
    VIEW.listen(lambda event: heard.append(event["event"]))
    structlog.get_logger().info("page.failed")
    VIEW.listen(None)
    set_up_logs("info", "json")
    structlog.get_logger().info("page.recovered")

    assert heard == ["page.failed"]
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == [
        "page.failed",
        "page.recovered",
    ]


def test_a_librarys_traceback_is_cut_to_its_last_line() -> None:
    out = io.StringIO()
    set_up_logs("info", "json", out)
    try:
        _library_that_fails("xoxb-secret")
    except ValueError:
        logging.getLogger("library").exception("it failed")

    line = json.loads(out.getvalue())
    assert line["exception"] == "ValueError: no such thing"
    assert "secret" not in out.getvalue()
    assert "Traceback" not in out.getvalue()


def _library_that_fails(token: str) -> None:
    try:
        urlsplit(f"https://[{token}")
    except ValueError as error:
        raise ValueError("no such thing") from error
