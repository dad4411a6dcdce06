"""The command line: words in, exit code out. What a command does lives where it belongs.

Exit codes: 0 done, 1 it did not work (one sentence on standard error says why), 2 the words of
the command were wrong; `ask` has its own (see `bot.asking`). Each command imports what it alone
needs: `run` stays small for weeks, `ask` answers fast.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer

from adapters.platforms import PLATFORMS, settings_of_all
from adapters.terminal.look import at_a_prompt, write_plainly
from bot import __version__
from bot.diagnostics import in_a_sentence
from bot.domain.errors import SettingsError, WrongWords
from bot.logs import VIEW, LogStream, set_up_logs
from bot.runtime import utc_now
from bot.settings import Settings

log = structlog.get_logger()

# Seconds that the end waits for a slow reader of standard error (guess).
LAST_WORDS = 2.0

cli = typer.Typer(
    name="isclaudedown",
    help="Is it Claude, or is it me? Watches status pages and tells channels what changes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command; whatever goes wrong is one sentence."""
    sys.stderr = standard_error = LogStream(sys.stderr)
    write_plainly(sys.stdout)
    atexit.register(standard_error.drain, LAST_WORDS)
    set_up_logs("info", "auto")
    try:
        cli()
    except WrongWords as error:
        sys.stderr.write(f"isclaudedown: {error}\n")
        sys.exit(2)
    except Exception as error:  # whatever it is: nobody is helped by a page of traceback
        log.debug("command.failed", exc_info=error)
        sys.stderr.write(f"isclaudedown: {in_a_sentence(error)}\n")
        sys.exit(1)


@cli.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@cli.command()
def run() -> None:
    """Watch the pages, answer commands, tell channels. Ends cleanly on SIGTERM or Ctrl-C."""
    from bot import app
    from bot.runtime import faster_loop, spare_the_collector

    settings = _settings()
    spare_the_collector()
    # The terminal's prompt is made for asyncio's own loop.
    loop = None if settings.speaks_on_terminal else faster_loop()
    with _logs_beside_the_prompt(settings.log_level, settings.log_format):
        for sentence in settings.misspelt:
            log.warning("settings.misspelt", reason=sentence)
        _until_signal(lambda stop: app.run(settings, stop), loop)


@cli.command()
def demo(
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How long it takes.")] = 60,
) -> None:
    """Play a recorded outage in the prompt, in a minute: no network, no token, no traces."""
    from adapters.cli.demo import demo as play
    from bot import app

    with _logs_beside_the_prompt("error", "auto"):
        _until_signal(lambda stop: play(app.run, PLATFORMS, seconds, utc_now, sys.stdout, stop))


@cli.command()
def ask(
    surfaces: Annotated[list[str] | None, typer.Argument(help="Only these surfaces.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    wait: Annotated[bool, typer.Option(help="Answer only when it is safe to retry.")] = False,
    at_most: Annotated[str, typer.Option(help="With --wait, how long, as in 30m.")] = "",
) -> None:
    """Answer once. Exit code: 0 up, 10 degraded, 20 down, 30 unknown."""
    from adapters.cli import ask as answer
    from adapters.cli.words import length_named

    settings, asked = _settings(quiet=True), surfaces or []
    limit = length_named(at_most) if at_most else None
    rng = random.Random()  # noqa: S311 (jitter, no secret)
    if wait or limit is not None:
        work = answer.wait(
            settings, asked, utc_now, sys.stdout, rng, as_json=as_json, at_most=limit
        )
    else:
        work = answer.ask(settings, asked, utc_now, sys.stdout, rng, as_json=as_json)
    with _whoever_reads():
        raise typer.Exit(asyncio.run(work))


@cli.command()
def uptime(
    words: Annotated[
        list[str] | None, typer.Argument(help="As in the chats: api 90d slo 99.9.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    calendar: Annotated[
        Path | None, typer.Option(help="A page's own calendar of down time (JSON lines).")
    ] = None,
) -> None:
    """Print how much of the time was up, by the page and by our own evidence."""
    from adapters.cli import uptime as figures

    settings = _settings(quiet=True)
    with _whoever_reads():
        if calendar is not None:
            figures.calendar(calendar, words or [], utc_now, sys.stdout, as_json=as_json)
        else:
            work = figures.uptime(settings, words or [], utc_now, sys.stdout, as_json=as_json)
            asyncio.run(work)


@cli.command()
def statusline(
    surfaces: Annotated[list[str] | None, typer.Argument(help="Instead of code and api.")] = None,
    refresh: Annotated[bool, typer.Option(help="Write it for the status line's script.")] = False,
) -> None:
    """Print one line for a status line: what is down and when to retry, nothing if all is up."""
    from adapters.cli import statusline as line

    settings, asked = _settings(quiet=True), surfaces or []
    if refresh:
        asyncio.run(line.refresh(settings, asked, utc_now))
    elif said := asyncio.run(line.current_line(settings, asked, utc_now)):
        typer.echo(said)


@cli.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="Recorded polls or an incidents.json.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    surfaces: Annotated[str, typer.Option(help="Only these, separated by commas.")] = "",
    severity: Annotated[str, typer.Option(help="From this severity up.")] = "up",
    provider: Annotated[
        str, typer.Option(help="Whose page, as in bedrock/eu-west-1, if the files do not tell.")
    ] = "",
) -> None:
    """Show what one channel would have got from recorded history: no network, no Redis."""
    from adapters.cli.replay import replay as show

    with _whoever_reads():
        show(files, surfaces, severity, sys.stdout, as_json=as_json, provider=provider or None)


@cli.command()
def providers(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List who can be watched, who is, and how it looks there now."""
    from adapters.cli.providers import list_providers

    settings = _settings(quiet=True)
    with _whoever_reads():
        asyncio.run(list_providers(settings, utc_now, sys.stdout, as_json=as_json))


@cli.command()
def record(
    out: Annotated[Path, typer.Option(help="The file to add to (.jsonl or .jsonl.gz).")],
    for_: Annotated[str, typer.Option("--for", help="How long, as in 30m, 2h, 7d.")] = "",
) -> None:
    """Write down what the page answers, for `replay`."""
    from adapters.cli.record import record as write
    from adapters.cli.words import length_named

    settings = _settings()
    length = length_named(for_) if for_ else None
    _until_signal(lambda stop: write(settings, out, length, stop, utc_now, sys.stdout))


@cli.command()
def config(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show the settings in force and where each comes from. Of a secret: whether it is set."""
    from adapters.cli.config import show_settings

    with _whoever_reads():
        show_settings(_settings(quiet=True), sys.stdout, as_json=as_json)


@cli.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Check settings, page, Redis, tokens and clock, and say what to do about each."""
    from adapters.cli.checks import doctor as examine

    settings = _settings(quiet=True)
    with _whoever_reads():
        healthy = asyncio.run(examine(settings, PLATFORMS, utc_now, sys.stdout, as_json=as_json))
        raise typer.Exit(0 if healthy else 1)


@cli.command()
def health() -> None:
    """Exit 0 if a running instance looks after its pages."""
    from adapters.cli.checks import health as feel_pulse

    settings = _settings(quiet=True)
    with _whoever_reads():
        raise typer.Exit(0 if asyncio.run(feel_pulse(settings, utc_now, sys.stdout)) else 1)


@cli.command()
def export(
    since: Annotated[str, typer.Option(help="A date (2026-01-31) or a length (90d).")] = "",
) -> None:
    """Write the past as JSON lines: incidents, and what was observed over time."""
    from adapters.cli.export import export as write

    with _whoever_reads():
        asyncio.run(write(_settings(quiet=True), since, utc_now, sys.stdout))


@cli.command()
def restore(
    file: Annotated[typer.FileText, typer.Argument(help="What `export` wrote; - reads it here.")],
) -> None:
    """Read an export back. What was seen here stays as it is, and nothing is announced."""
    from adapters.cli.export import restore as take_back

    with _whoever_reads():
        asyncio.run(take_back(_settings(quiet=True), file, utc_now, sys.stdout))


@cli.command()
def forget(
    whom: Annotated[
        str, typer.Argument(metavar="PLATFORM/WORKSPACE[/PERSON]", help="As in slack/T0123/U0456.")
    ],
) -> None:
    """Erase what is stored of a workspace (or server), or of one person in it."""
    from adapters.cli.privacy import forget as erase

    settings = _settings(quiet=True)
    with _whoever_reads():
        asyncio.run(erase(settings, whom, sys.stdout))


@cli.command(name="rotate-keys")
def rotate_keys() -> None:
    """Encrypt what is stored anew, with the first secret of ISCLAUDEDOWN_SECRET_KEY."""
    from adapters.cli.privacy import rotate_keys as encrypt_anew

    settings = _settings(quiet=True)
    with _whoever_reads():
        asyncio.run(encrypt_anew(settings, sys.stdout))


@cli.command()
def mcp() -> None:
    """Serve MCP on standard input and output, for an agent on this machine."""
    try:
        from adapters.cli.mcp import serve
    except ImportError:
        raise SettingsError("a package more is needed: pip install 'isclaudedown[mcp]'") from None
    rng = random.Random()  # noqa: S311 (jitter, no secret)
    asyncio.run(serve(_settings(quiet=True), utc_now, rng))


@cli.command()
def schema() -> None:
    """Print the JSON Schema of what `ask --json` and the HTTP API answer."""
    from bot.status.schema import Document

    typer.echo(json.dumps(Document.model_json_schema(mode="serialization"), indent=2))


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _settings(*, quiet: bool = False) -> Settings:
    settings = settings_of_all(Path(".env"))  # of this folder, as `docker compose` reads it
    level = "error" if quiet and settings.log_level != "debug" else settings.log_level
    set_up_logs(level, settings.log_format)
    return settings


for _row in PLATFORMS:
    if _row.set_up is not None:
        cli.add_typer(_row.set_up(lambda: _settings(quiet=True)), name=_row.name)


@contextmanager
def _logs_beside_the_prompt(level: str, form: str) -> Iterator[None]:
    """Keep log lines away from a prompt, unless standard error goes elsewhere."""
    aside = at_a_prompt() and sys.stderr.isatty()
    set_up_logs("info" if aside and level == "auto" else level, form, VIEW if aside else None)
    try:
        yield
    finally:
        set_up_logs(level, form)


def _until_signal(
    work: Callable[[asyncio.Event], Awaitable[None]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    async def attend() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await work(stop)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(attend())


@contextmanager
def _whoever_reads() -> Iterator[None]:
    """What we print may be cut off (`| head -1`): that is an end like any other."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer must not fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
