"""The terminal over a real pty, a real pipe, and a real SIGKILL."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.terminal import CONSOLE, Terminal
from adapters.terminal.screen import Screen
from bot.domain.message import Message
from bot.messages.root import root_message
from tests.unit.messages.examples import CLAUDE, NOW, OUTAGE

PROGRAM = [sys.executable, "-m", "tests.unit.terminal.program"]
ANSI = re.compile(r"\x1b\[[\d;?]*[a-zA-Z]")


def utc_now() -> datetime:
    return datetime.now(UTC)


def found_later(folder: Path) -> list[str]:
    """Which of our keys a terminal started anew finds."""
    with Path(os.devnull).open("w", encoding="utf-8") as out:
        terminal = Terminal(out, folder, utc_now)
        lately = utc_now() - timedelta(minutes=1)
        found = asyncio.run(terminal.find(CONSOLE, None, ["k/root", "k/other"], lately))
        terminal.close()
    return list(found)


def test_what_was_shown_before_sigkill_is_found_after_it(tmp_path: Path) -> None:
    died = subprocess.run([*PROGRAM, "killed", str(tmp_path)], capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.decode().count("Claude.ai unavailable") == 1
    assert found_later(tmp_path) == ["k/root"]


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
async def test_a_tty_gets_colours_unless_they_are_unwanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, no_color: str | None, coloured: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as out:
        terminal = Terminal(out, tmp_path, utc_now)
        await terminal.tell(root_message(OUTAGE, NOW, CLAUDE))
        text = os.read(leader, 65536).decode()
        terminal.close()
    os.close(leader)
    assert "Claude.ai unavailable" in text
    assert bool(ANSI.search(text)) is coloured


async def test_a_reader_that_does_not_read_holds_up_nothing_but_itself() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        screen = Screen(out)
        recorded: list[str] = []
        stuck = asyncio.create_task(screen.show("x" * 300_000, lambda: recorded.append("x")))
        for _ in range(50):
            await asyncio.sleep(0)  # the loop goes on although nothing can be written
        assert not stuck.done()
        assert recorded == []
        got = 0
        while got < 300_000:
            got += len(await asyncio.to_thread(os.read, reader, 65536))
        await stuck
        assert recorded == ["x"]
        screen.close()
    os.close(reader)


async def test_messages_come_whole_and_in_the_order_in_which_they_were_shown() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        screen = Screen(out)
        await asyncio.gather(*(screen.show(f"{number}\n") for number in range(100)))
        assert os.read(reader, 65536).decode().split() == [str(n) for n in range(100)]
        screen.close()
    os.close(reader)


async def test_a_cancelled_message_is_still_recorded_if_it_was_shown(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        terminal = Terminal(out, tmp_path, utc_now)
        task = asyncio.create_task(terminal.open_thread(CONSOLE, Message("Down", "Down"), "k/root"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        terminal.close()
    assert "Down" in os.read(reader, 65536).decode()
    os.close(reader)
    assert await asyncio.to_thread(found_later, tmp_path) == ["k/root"]


class Sitting:
    """A person at a real terminal in front of the program."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._seen = ""

    def type(self, text: str) -> None:
        os.write(self._leader, text.encode())

    def until(self, words: str) -> str:
        """Read until `words` were shown since the last time; returns what was."""
        deadline = time.monotonic() + 20
        while words not in self._seen:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._leader], [], [], max(0, left))
            assert ready, f"{words!r} never came; there was: {self._seen!r}"
            self._seen += ANSI.sub("", os.read(self._leader, 65536).decode(errors="replace"))
        before, _, self._seen = self._seen.partition(words)
        return before + words


@contextmanager
def sitting(folder: Path) -> Iterator[tuple[Sitting, subprocess.Popen[bytes]]]:
    leader, follower = pty.openpty()
    # Without it the prompt asks the terminal where its cursor is, and nobody here answers.
    environment = {**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm", "NO_COLOR": "1"}
    program = subprocess.Popen(
        [*PROGRAM, "sit", str(folder)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
        start_new_session=True,
    )
    os.close(follower)
    try:
        yield Sitting(leader), program
    finally:
        program.kill()
        program.wait()
        os.close(leader)


def test_commands_are_typed_at_a_prompt_and_news_goes_above_it(tmp_path: Path) -> None:
    (tmp_path / "prompt_history").touch(mode=0o644)
    with sitting(tmp_path) as (person, program):
        person.until("isclaudedown>")
        person.type("/isclaudedown subscribe api\r")
        person.until("Subscribed to API")
        person.type("subs\r")
        person.until("This channel gets: API")
        (tmp_path / "go").touch()
        person.until("Claude.ai unavailable · major outage")
        person.until("isclaudedown>")
        person.type("exit\r")
        person.until("left")
        assert program.wait(timeout=20) == 0
    typed = tmp_path / "prompt_history"
    assert "+subs" in typed.read_text()
    assert typed.stat().st_mode & 0o077 == 0


def test_ctrl_d_leaves(tmp_path: Path) -> None:
    with sitting(tmp_path) as (person, program):
        person.until("isclaudedown>")
        person.type("\x04")
        person.until("left")
        assert program.wait(timeout=20) == 0


def test_without_a_terminal_there_is_no_prompt(tmp_path: Path) -> None:
    piped = subprocess.run(
        [*PROGRAM, "sit", str(tmp_path)], input=b"subs\n", capture_output=True, check=False
    )
    assert piped.returncode == 3
