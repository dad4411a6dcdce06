"""Small programs with a terminal, started by the tests: `python -m tests.unit.terminal.program`.

`killed FOLDER`  shows a root and is killed at once after it.
`sit FOLDER`     takes commands at a prompt; meanwhile an incident is shown above it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from adapters.terminal import CONSOLE, Terminal
from adapters.terminal.prompt import converse
from bot.messages.root import root_message
from tests.unit.commands.fakes import Room
from tests.unit.messages.examples import CLAUDE, NOW, OUTAGE


def utc_now() -> datetime:
    return datetime.now(UTC)


async def killed(folder: Path) -> None:
    terminal = Terminal(sys.stdout, folder, utc_now)
    await terminal.open_thread(CONSOLE, root_message(OUTAGE, NOW, CLAUDE), "k/root")
    os.kill(os.getpid(), signal.SIGKILL)


async def sit(folder: Path) -> None:
    terminal = Terminal(sys.stdout, folder, utc_now)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SystemExit(3)
    event = asyncio.create_task(interrupt(terminal, folder))
    await converse(Room(OUTAGE).commands, terminal, folder)
    event.cancel()
    terminal.close()
    print("left")  # noqa: T201  # the test waits for it


async def interrupt(terminal: Terminal, folder: Path) -> None:
    """Show an incident once the test says that the prompt stands."""
    while not (folder / "go").exists():  # noqa: ASYNC110  # a sign from another process
        await asyncio.sleep(0.02)
    await terminal.open_thread(CONSOLE, root_message(OUTAGE, NOW, CLAUDE), "k/root")


if __name__ == "__main__":
    what = {"killed": killed, "sit": sit}[sys.argv[1]]
    asyncio.run(what(Path(sys.argv[2])))
