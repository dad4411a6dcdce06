"""The surroundings of every command's work: its settings, its streams, its log, its signals."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.platforms import settings_of_all
from adapters.terminal.clean import clean
from adapters.terminal.look import at_a_prompt, write_plainly
from bot.domain.errors import SettingsError
from bot.logs import VIEW, LogStream, set_up_logs
from bot.settings import Settings

# Seconds that the end waits for a slow reader of standard error (guess).
LAST_WORDS = 2.0


def prepare_streams() -> None:
    """Let nobody who reads, or does not, stop us; and no encoding lack our letters."""
    sys.stderr = standard_error = LogStream(sys.stderr)
    atexit.register(standard_error.drain, LAST_WORDS)
    write_plainly(sys.stdout)
    set_up_logs("info", "auto")


def fail(sentence: str, code: int) -> None:
    """End the program with a sentence on standard error."""
    sys.stderr.write(f"isclaudedown: {clean(sentence)}\n")
    sys.exit(code)


def loaded(*, quiet: bool = False) -> Settings:
    """Read the settings and log as they say; `quiet`: errors alone.

    Raises:
        SettingsError: names what is wrong with them, and where it stands.
    """
    settings = settings_of_all(Path(".env"))  # of this folder, as `docker compose` reads it
    level = "error" if quiet and settings.log_level != "debug" else settings.log_level
    set_up_logs(level, settings.log_format)
    return settings


@contextmanager
def logs_beside_the_prompt(level: str, form: str) -> Iterator[None]:
    """Keep log lines away from a prompt, unless standard error goes elsewhere; it hears both."""
    prompting = at_a_prompt()
    if prompting and sys.stderr.isatty():
        set_up_logs("info" if level == "auto" else level, form, VIEW, listening=True)
    else:
        set_up_logs(level, form, listening=prompting)
    try:
        yield
    finally:
        set_up_logs(level, form)


def until_signal(
    work: Callable[[asyncio.Event], Awaitable[None]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    """Do the work, with an event that SIGTERM, Ctrl-C and the end of the terminal set."""

    async def attend() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Whoever starts us by `nohup` wants SIGHUP ignored.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, stop.set)
        await work(stop)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(attend())


@contextmanager
def answering() -> Iterator[None]:
    """Let output be cut off (`| head -1`): that is an end like any other.

    Raises:
        SettingsError: nobody could read it from the start (`>&-`).
    """
    if sys.__stdout__ is None:
        raise SettingsError("standard output is closed, so the answer has nowhere to go")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer must not fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
