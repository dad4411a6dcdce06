"""The command line: words in, exit code out. What a command does lives where it belongs.

Exit codes: 0 done, 1 it did not work (one sentence on standard error says why), 2 the words of
the command were wrong; `ask` has its own (see `bot.status.document`). Each command imports what it
alone needs: `run` stays small for weeks, `ask` answers fast.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from adapters.cli.operating import operating
from adapters.cli.process import (
    answering,
    fail,
    loaded,
    logs_beside_the_prompt,
    prepare_streams,
    until_signal,
)
from adapters.platforms import PLATFORMS
from bot import __version__
from bot.diagnostics import in_a_sentence
from bot.domain.errors import SettingsError, WrongWords
from bot.runtime import utc_now

log = structlog.get_logger()

cli = typer.Typer(
    name="isclaudedown",
    help="Is it Claude, or is it me? Watches status pages and tells channels what changes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command; whatever goes wrong is one sentence."""
    try:
        prepare_streams()
        cli()
    except KeyboardInterrupt:
        sys.exit(130)  # as shells say it; nobody has to be told what they did
    except WrongWords as error:
        fail(str(error), 2)
    except Exception as error:  # whatever it is: nobody is helped by a page of traceback
        log.debug("command.failed", exc_info=error)
        fail(in_a_sentence(error), 1)


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

    settings = loaded()
    spare_the_collector()
    # The terminal's prompt is made for asyncio's own loop.
    loop = None if settings.speaks_on_terminal else faster_loop()
    with logs_beside_the_prompt(settings.log_level, settings.log_format):
        for sentence in settings.oddities:
            log.warning("settings.odd", reason=sentence)
        until_signal(lambda stop: app.run(settings, stop), loop)


@cli.command()
def demo(
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How long it takes.")] = 60,
) -> None:
    """Play a recorded outage in the prompt, in a minute: no network, no token, no traces."""
    from adapters.cli.demo import demo as play
    from bot import app

    with logs_beside_the_prompt("error", "auto"):
        until_signal(lambda stop: play(app.run, PLATFORMS, seconds, utc_now, sys.stdout, stop))


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

    settings, asked = loaded(quiet=True), surfaces or []
    limit = length_named(at_most) if at_most else None
    rng = random.Random()  # noqa: S311 (jitter, no secret)
    with answering():
        if wait or limit is not None:
            work = answer.wait(
                settings, asked, utc_now, sys.stdout, rng, as_json=as_json, at_most=limit
            )
        else:
            work = answer.ask(settings, asked, utc_now, sys.stdout, rng, as_json=as_json)
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

    settings = loaded(quiet=True)
    with answering():
        if calendar is not None:
            figures.calendar(calendar, words or [], utc_now, sys.stdout, as_json=as_json)
        else:
            work = figures.uptime(settings, words or [], utc_now, sys.stdout, as_json=as_json)
            asyncio.run(work)


@cli.command()
def incident(
    words: Annotated[list[str], typer.Argument(metavar="ID [report]", help="As history shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Print one incident; with the word report, in figures as Markdown, for a post-mortem."""
    from adapters.cli.incident import incident as show

    with answering():
        asyncio.run(show(loaded(quiet=True), words, utc_now, sys.stdout, as_json=as_json))


@cli.command()
def statusline(
    surfaces: Annotated[list[str] | None, typer.Argument(help="Instead of code and api.")] = None,
    refresh: Annotated[bool, typer.Option(help="Write it for the status line's script.")] = False,
) -> None:
    """Print one line for a status line: what is down and when to retry, nothing if all is up."""
    from adapters.cli import statusline as line
    from adapters.cli.output import write_line

    settings, asked = loaded(quiet=True), surfaces or []
    if refresh:
        asyncio.run(line.refresh(settings, asked, utc_now))
        return
    with answering():
        if said := asyncio.run(line.current_line(settings, asked, utc_now)):
            write_line(sys.stdout, said)


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

    with answering():
        show(files, surfaces, severity, sys.stdout, as_json=as_json, provider=provider or None)


@cli.command()
def providers(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List who can be watched, who is, and how it looks there now."""
    from adapters.cli.providers import list_providers

    settings = loaded(quiet=True)
    with answering():
        asyncio.run(list_providers(settings, utc_now, sys.stdout, as_json=as_json))


@cli.command()
def record(
    out: Annotated[Path, typer.Option(help="The file to add to (.jsonl or .jsonl.gz).")],
    for_: Annotated[str, typer.Option("--for", help="How long, as in 30m, 2h, 7d.")] = "",
) -> None:
    """Write down what the page answers, for `replay`."""
    from adapters.cli.record import record as write
    from adapters.cli.words import length_named

    settings = loaded()
    length = length_named(for_) if for_ else None
    until_signal(lambda stop: write(settings, out, length, stop, utc_now, sys.stdout))


@cli.command()
def mcp() -> None:
    """Serve MCP on standard input and output, for an agent on this machine."""
    try:
        from adapters.cli.mcp import serve
    except ImportError:
        raise SettingsError("a package more is needed: pip install 'isclaudedown[mcp]'") from None
    rng = random.Random()  # noqa: S311 (jitter, no secret)
    asyncio.run(serve(loaded(quiet=True), utc_now, rng))


@cli.command()
def schema() -> None:
    """Print the JSON Schema of what `ask --json` and the HTTP API answer."""
    from bot.status.schema import Document

    typer.echo(json.dumps(Document.model_json_schema(mode="serialization"), indent=2))


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


cli.add_typer(operating)
for _row in PLATFORMS:
    if _row.set_up is not None:
        cli.add_typer(_row.set_up(lambda: loaded(quiet=True)), name=_row.name)
