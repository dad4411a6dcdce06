"""The operator's commands: settings, checks, and what is stored of people."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import Annotated

import typer

from adapters.cli.process import answering, loaded
from adapters.platforms import PLATFORMS
from bot.runtime import utc_now

operating = typer.Typer()


@operating.command()
def config(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show the settings in force and where each comes from. Of a secret: whether it is set."""
    from adapters.cli.config import show_settings

    with answering():
        show_settings(loaded(quiet=True), sys.stdout, as_json=as_json)


@operating.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Check settings, page, Redis, tokens and clock, and say what to do about each."""
    from adapters.cli.checks import doctor as examine

    with answering():
        load = partial(loaded, quiet=True)
        healthy = asyncio.run(examine(load, PLATFORMS, utc_now, sys.stdout, as_json=as_json))
        raise typer.Exit(0 if healthy else 1)


@operating.command()
def health() -> None:
    """Exit 0 if a running instance looks after its pages."""
    from adapters.cli.checks import health as feel_pulse

    settings = loaded(quiet=True)
    with answering():
        raise typer.Exit(0 if asyncio.run(feel_pulse(settings, utc_now, sys.stdout)) else 1)


@operating.command()
def export(
    since: Annotated[str, typer.Option(help="A date (2026-01-31) or a length (90d).")] = "",
) -> None:
    """Write the past as JSON lines: incidents, and what was observed over time."""
    from adapters.cli.export import export as write

    with answering():
        asyncio.run(write(loaded(quiet=True), since, utc_now, sys.stdout))


@operating.command()
def restore(
    file: Annotated[typer.FileText, typer.Argument(help="What `export` wrote; - reads it here.")],
) -> None:
    """Read an export back. What was seen here stays as it is, and nothing is announced."""
    from adapters.cli.export import restore as take_back

    with answering():
        asyncio.run(take_back(loaded(quiet=True), file, utc_now, sys.stdout))


@operating.command()
def forget(
    whom: Annotated[
        str, typer.Argument(metavar="PLATFORM/WORKSPACE[/PERSON]", help="As in slack/T0123/U0456.")
    ],
) -> None:
    """Erase what is stored of a workspace (or server), or of one person in it."""
    from adapters.cli.privacy import forget as erase

    settings = loaded(quiet=True)
    with answering():
        asyncio.run(erase(settings, whom, sys.stdout))


@operating.command(name="rotate-keys")
def rotate_keys() -> None:
    """Encrypt what is stored anew, with the first secret of ISCLAUDEDOWN_SECRET_KEY."""
    from adapters.cli.privacy import rotate_keys as encrypt_anew

    settings = loaded(quiet=True)
    with answering():
        asyncio.run(encrypt_anew(settings, sys.stdout))


@operating.command()
def reshard(
    count: Annotated[int, typer.Argument(min=1, max=1024, help="Shards of each chat platform.")],
) -> None:
    """Spread what is stored over more or fewer slots of a Redis cluster. Stop the bot before."""
    from adapters.cli.reshard import reshard as move

    settings = loaded(quiet=True)
    with answering():
        asyncio.run(move(settings, count, sys.stdout))
