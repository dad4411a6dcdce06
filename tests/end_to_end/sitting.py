"""Somebody sits at a real terminal (a pty) and types."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator
from pathlib import Path

from tests.end_to_end.harness import PATIENCE, environment

PROMPT = "isclaudedown> "
# What colours, moves and erases (ECMA-48), and the carriage returns between redraws.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[=>78]|\x1b\][^\x07]*\x07|\r")


class Sitter:
    """The program on a terminal; `out` is what the terminal was sent, without its controls."""

    def __init__(self, process: asyncio.subprocess.Process, terminal: int) -> None:
        self.process = process
        self.raw = ""
        self._terminal = terminal
        self._more = asyncio.Event()
        os.set_blocking(terminal, False)
        asyncio.get_running_loop().add_reader(terminal, self._read)

    @property
    def out(self) -> str:
        return _CONTROL.sub("", self.raw)

    def _read(self) -> None:
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # the other side is closed
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._terminal)
        self.raw += data.decode(errors="replace")
        self._more.set()

    async def shows(self, text: str, after: int = 0) -> None:
        """Wait until `text` stands in what came after so many characters."""
        try:
            async with asyncio.timeout(PATIENCE):
                while text not in self.out[after:]:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"never came: {text!r}:\n{self.out}") from None

    async def types(self, line: str, answer: str) -> None:
        """Type a line, wait for its answer, and for the prompt behind it."""
        before = len(self.out)
        os.write(self._terminal, f"{line}\r".encode())
        await self.shows(answer, after=before)
        await self.shows(PROMPT, after=self.out.index(answer, before))

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    async def ends_by(self, keys: str) -> int:
        """Press until it ends. A key that comes while something is shown above the prompt is lost:
        the terminal is in its own mode then, and for this one nobody gets its signals.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                self.press(keys)
                try:
                    return await asyncio.wait_for(self.process.wait(), 1.0)
                except TimeoutError:
                    continue

    async def ends(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def sitting(folder: Path, page: str, **more: str) -> AsyncIterator[Sitter]:
    terminal, end = os.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    # A pty without a person does not answer where its cursor is.
    terminal_of = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "USER": "ada"}
    env = environment(folder, page, **{**terminal_of, **more})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=folder,
        env=env,
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    sitter = Sitter(process, terminal)
    try:
        yield sitter
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(terminal)
        os.close(terminal)
