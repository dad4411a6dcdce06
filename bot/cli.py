"""The command line. Each command is a few lines: what it does lives where it belongs.

Exit codes: 0 done, 1 it did not work (one sentence on standard error says why), 2 the words of
the command were wrong; `ask` has its own (see `bot.asking`).
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from bot import __version__, app
from bot.errors import BotError
from bot.logs import set_up_logs
from bot.settings import Settings, load_settings

cli = typer.Typer(
    name="isclaudedown",
    help="Is it Claude, or is it me? Watches status pages and tells channels what changes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command; whatever goes wrong on purpose is one sentence."""
    try:
        cli()
    except BotError as error:
        _give_up(str(error))


@cli.command()
def run() -> None:
    """Watch the pages, answer commands, tell channels. Ends cleanly on SIGTERM or Ctrl-C."""
    settings = _settings()
    _run_until_signal(lambda stop: app.run(settings, stop))


@cli.command()
def ask(
    surfaces: Annotated[list[str] | None, typer.Argument(help="Only these surfaces.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Answer once. Exit code: 0 up, 10 degraded, 20 down, 30 unknown."""
    settings = _settings(quiet=True)
    raise typer.Exit(asyncio.run(app.ask(settings, surfaces or [], as_json=as_json)))


@cli.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="Recorded polls or an incidents.json.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    surfaces: Annotated[str, typer.Option(help="Only these, separated by commas.")] = "",
    severity: Annotated[str, typer.Option(help="From this severity up.")] = "up",
) -> None:
    """Show what one channel would have got from recorded history: no network, no Redis."""
    app.replay(files, surfaces=surfaces, severity=severity, as_json=as_json, out=sys.stdout)


@cli.command()
def record(
    out: Annotated[Path, typer.Option(help="The file to add to (.jsonl or .jsonl.gz).")],
    for_: Annotated[str, typer.Option("--for", help="How long, as in 30m, 2h, 7d.")] = "",
) -> None:
    """Write down what the page answers, for `replay`."""
    settings = _settings()
    length = _duration(for_) if for_ else None
    _run_until_signal(lambda stop: app.record(settings, out, length, stop))


@cli.command()
def doctor() -> None:
    """Check settings, page, Redis, tokens and clock, and say what to do about each."""
    settings = _settings(quiet=True)
    raise typer.Exit(0 if asyncio.run(app.doctor(settings, sys.stdout)) else 1)


@cli.command()
def health() -> None:
    """Exit 0 if a running instance looked at its pages within the last two minutes."""
    settings = _settings(quiet=True)
    raise typer.Exit(0 if asyncio.run(app.health(settings, sys.stdout)) else 1)


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _settings(*, quiet: bool = False) -> Settings:
    settings = load_settings()
    set_up_logs("error" if quiet else settings.log_level, settings.log_format)
    return settings


def _run_until_signal(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(_until_signal(work))


async def _until_signal(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await work(stop)


def _duration(text: str) -> timedelta:
    """30s, 30m, 2h, 7d."""
    found = re.fullmatch(r"(\d+)\s*([smhd])", text.strip().lower())
    if not found:
        raise typer.BadParameter(f"{text!r} is not a length of time; write 30m, 2h or 7d")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def _give_up(sentence: str) -> NoReturn:
    sys.stderr.write(f"isclaudedown: {sentence}\n")
    sys.exit(1)
