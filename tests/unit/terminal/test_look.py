"""Colours, width and letters of a stream, and JSON that no terminal obeys."""

from __future__ import annotations

import io
import json
import threading
from datetime import UTC, datetime

import pytest

from adapters.cli import output
from adapters.cli.output import progress, write_json, write_line
from adapters.terminal.look import look_of, write_plainly

NOW = datetime(2026, 7, 1, tzinfo=UTC)


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal, and what was written to it."""

    def __init__(self, encoding: str = "utf-8", *, tty: bool = True) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def said(self) -> str:
        self.flush()
        return self._bytes.getvalue().decode(self.encoding)


@pytest.mark.parametrize(
    ("variable", "value", "coloured"),
    [("TERM", "xterm", True), ("TERM", "dumb", False), ("NO_COLOR", "1", False)],
)
def test_colours_are_left_out_where_they_are_not_wanted(
    monkeypatch: pytest.MonkeyPatch, *, variable: str, value: str, coloured: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(variable, value)

    assert look_of(Terminal(), NOW).colour is coloured
    assert not look_of(Terminal(tty=False), NOW).colour


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("300", 110), ("5", 30)])
def test_lines_are_as_long_as_the_terminal_is_wide_within_reason(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    words = "word " * 40

    out, pipe = Terminal(), Terminal(tty=False)
    write_line(out, words, rest="  ")
    write_line(pipe, words)

    assert look_of(out, NOW).width == width
    assert max(map(len, out.said.splitlines())) <= width
    assert out.said.splitlines()[1].startswith("  word")
    assert len(pipe.said.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_letters_that_an_encoding_lacks_have_a_stand_in(encoding: str) -> None:
    out = Terminal(encoding, tty=False)
    write_plainly(out)

    out.write("🔴 claude.ai · major → “down” … é ⚠️ 🧪 漢")

    assert out.said.replace("·", "-").replace("é", "e") == (
        '!! claude.ai - major -> "down" ... e ! * ?'
    )


HOSTILE = {"name": "\x1b]0;title\x07 \x9b31m \u202eevil \u00e9 🔴"}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_json_on_a_terminal_holds_nothing_that_it_obeys_and_stays_the_same(encoding: str) -> None:
    out = Terminal(encoding)
    write_json(out, HOSTILE)

    assert json.loads(out.said) == HOSTILE
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(out.said)


def test_a_line_on_a_terminal_holds_nothing_that_it_obeys() -> None:
    out = Terminal()
    write_line(out, HOSTILE["name"])

    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(out.said)


def test_progress_is_told_on_a_terminal_after_a_while_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output, "PATIENCE", 0.001)
    told = threading.Event()
    out, pipe = Terminal(), Terminal(tty=False)

    def says() -> str:
        told.set()
        return "Reading page.jsonl"

    with progress(out, says), progress(pipe, says):
        assert told.wait(20)

    assert "Reading page.jsonl" in out.said
    assert out.said.endswith("\r\x1b[K")
    assert pipe.said == ""
