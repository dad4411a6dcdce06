"""The program as its command starts it, and what it says.

    async with started(folder, page.url) as bot:           # `python -m bot run`
        await bot.shows("claude.ai is down")
        bot.kill()
    said = await command(folder, page.url, "ask", "--json")

Waits for what is said, never for a time; PATIENCE only bounds how long a broken test hangs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody answers there
PATIENCE = 60.0
POLL = 0.2


def environment(folder: Path, page: str, **more: str) -> dict[str, str]:
    """Nothing of ours but what a test says; nobody's home, no probes of the real world."""
    folder.mkdir(parents=True, exist_ok=True)  # where it is started
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),  # it is started elsewhere: a tester's own .env is not read
        "HOME": str(folder),
        "TZ": "UTC",
        "ISCLAUDEDOWN_DATA_DIR": str(folder / "data"),
        "ISCLAUDEDOWN_PAGE_URL": page,
        "ISCLAUDEDOWN_POLL_SECONDS": str(POLL),
        "ISCLAUDEDOWN_TERMINAL": "on",
        "ISCLAUDEDOWN_PROBES": "off",
        **more,
    }


@dataclass
class Program:
    """A running command. `out` and `err` hold what it said so far."""

    process: asyncio.subprocess.Process
    out: str = ""
    err: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _end: asyncio.Task[int] | None = None

    def listen(self) -> None:
        self._end = asyncio.create_task(self._hear_all())

    async def _hear_all(self) -> int:
        await asyncio.gather(self._hear("out"), self._hear("err"))
        return await self.process.wait()

    async def _hear(self, name: str) -> None:
        stream = self.process.stdout if name == "out" else self.process.stderr
        undecoded = b""
        while stream and (data := await stream.read(65536)):
            undecoded += data
            with contextlib.suppress(UnicodeDecodeError):  # cut inside a letter
                setattr(self, name, getattr(self, name) + undecoded.decode())
                undecoded = b""
            self._news.set()
        self._news.set()

    async def shows(self, text: str, times: int = 1) -> None:
        """Wait until `text` was printed so often."""
        await self._until(lambda: self.out.count(text) >= times, f"{text!r} {times}×")

    async def logs(self, text: str, times: int = 1) -> None:
        await self._until(lambda: self.err.count(text) >= times, f"log {text!r} {times}×")

    async def _until(self, true: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not true():
                    assert self.process.returncode is None, f"it ended without {what}: {self}"
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never came: {what}: {self}") from None

    def __str__(self) -> str:
        return f"\n--- out\n{self.out}\n--- err\n{self.err}"

    async def ends(self) -> int:
        """Wait for its end and for its last words. Returns the exit code."""
        assert self._end is not None
        return await asyncio.shield(self._end)

    async def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            return await self.ends()

    async def kill(self) -> None:
        """End it without a word, as a power cut would."""
        self.process.kill()
        await self.ends()

    def close_stdout(self) -> None:
        """Read its standard output no more: the pipe is closed."""
        self._close(1)

    def close_stderr(self) -> None:
        """Read its log no more."""
        self._close(2)

    def _close(self, descriptor: int) -> None:
        # asyncio gives no other way to close one of the pipes.
        transport = self.process._transport  # type: ignore[attr-defined]
        transport.get_pipe_transport(descriptor).close()

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def _hears_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


async def launch(env: dict[str, str], *words: str, stdin: int | None = None) -> Program:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        cwd=env["HOME"],
        env=env,
        stdin=asyncio.subprocess.DEVNULL if stdin is None else stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A job in the background of a script inherits that Ctrl-C is ignored.
        preexec_fn=_hears_ctrl_c,
    )
    program = Program(process)
    program.listen()
    return program


@contextlib.asynccontextmanager
async def started(folder: Path, page: str, **more: str) -> AsyncIterator[Program]:
    """`run`, which is killed at the end if it still runs."""
    program = await launch(environment(folder, page, **more), "run")
    try:
        yield program
    finally:
        if program.process.returncode is None:
            await program.kill()


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


async def command(folder: Path, page: str, *words: str, **more: str) -> Said:
    """Run a command to its end."""
    program = await launch(environment(folder, page, **more), *words)
    try:
        async with asyncio.timeout(PATIENCE):
            code = await program.ends()
    finally:
        if program.process.returncode is None:
            await program.kill()
    assert "Traceback" not in program.out + program.err, program.err
    return Said(code, program.out, program.err)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again: what is waited for is another process, which tells nobody."""
    async with asyncio.timeout(PATIENCE):
        while not await true():  # noqa: ASYNC110  # another process has no event of ours
            await asyncio.sleep(0.02)
