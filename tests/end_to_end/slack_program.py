"""The program as it is started by its command: its own process, its own data, SIGKILLed at will."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

# Nothing of the tester's own set-up may reach the program.
_KEPT = ("PATH", "HOME", "LANG", "SYSTEMROOT", "TMPDIR")
PATIENCE = 60.0
ROOT = Path(__file__).resolve().parents[2]


class Program:
    """`python -m bot run` with `settings` in its environment and its data in `folder`."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        known = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._environment = known | {
            "PYTHONPATH": str(ROOT),
            "ISCLAUDEDOWN_DATA_DIR": str(folder),
            "ISCLAUDEDOWN_POLL_SECONDS": "0.2",
            "ISCLAUDEDOWN_LOG_FORMAT": "json",
            "ISCLAUDEDOWN_LOG_LEVEL": "info",
            "ISCLAUDEDOWN_PROBES": "false",
            "ISCLAUDEDOWN_TERMINAL": "off",
            **settings,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._silent = False  # it has ended: its log is whole
        self.log: list[str] = []

    async def start(self) -> None:
        """Start it, and wait until it says that it has."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run",
            cwd=self._environment["ISCLAUDEDOWN_DATA_DIR"],
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        seen, self._silent = len(self.log), False
        self._reader = asyncio.create_task(self._read(self._process))
        await self.says("bot.started", seen)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stderr is None:
            return
        async for line in process.stderr:
            async with self._changed:
                self.log.append(line.decode().rstrip())
                self._changed.notify_all()
        async with self._changed:
            self._silent = True
            self._changed.notify_all()

    async def says(self, event: str, since: int = 0) -> None:
        """Wait for a line of its log with `event`.

        Raises:
            AssertionError: it ended without it, or it did not come; the log's end is in the error.
        """

        def said() -> bool:
            return any(event in line for line in self.log[since:])

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE), self._changed:
                await self._changed.wait_for(lambda: said() or self._silent)
        assert said(), f"no {event} in:\n" + "\n".join(self.log[-30:])

    async def kill(self) -> None:
        """End it without a word, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self.ended()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for its end, and for its last words; the exit code."""
        if self._process is None or self._reader is None:
            return 0
        async with asyncio.timeout(PATIENCE):
            code = await self._process.wait()
            await self._reader
        return code


@contextlib.asynccontextmanager
async def program(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Program]:
    running = Program(folder, settings)
    try:
        await running.start()
        yield running
    finally:
        await running.kill()
