"""Slack's row in the table of platforms. Loads slack_bolt only when Slack is used."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated

import typer

from adapters.chat.platform import OpenPlatform, Parts, Platform
from adapters.slack.settings import SlackSettings
from bot.domain.checks import CheckResult
from bot.ports import Subscriptions
from bot.settings import Settings


def set_up(_: Callable[[], Settings]) -> typer.Typer:
    """The commands under `isclaudedown slack`."""
    commands = typer.Typer(help="Setting up Slack.", no_args_is_help=True)
    # With a callback a single command keeps its name: `slack manifest`, not `slack`.
    commands.callback()(lambda: None)

    @commands.command()
    def manifest(
        url: Annotated[
            str, typer.Option(help="Your public address: for signed requests instead of sockets.")
        ] = "",
    ) -> None:
        """Print the app manifest to paste at api.slack.com/apps (JSON)."""
        from adapters.slack.manifest import manifest_text

        typer.echo(manifest_text(url or None))

    return commands


def _open(parts: Parts) -> AbstractAsyncContextManager[OpenPlatform]:
    from adapters.slack.platform import open_slack

    options = parts.settings.of(SlackSettings)
    return open_slack(options, parts.store, parts.commands, parts.catalog, parts.clock)


def _explain(reason: str) -> str:
    from adapters.slack.errors import explain

    return explain(reason)


def _check(settings: Settings, subscriptions: Subscriptions | None) -> AsyncIterator[CheckResult]:
    from adapters.slack.checks import check_slack

    return check_slack(settings.of(SlackSettings), subscriptions)


SLACK = Platform(
    name="slack",
    label="Slack",
    settings=SlackSettings,
    is_wanted=lambda settings: settings.of(SlackSettings).is_configured,
    open=_open,
    explain=_explain,
    check=_check,
    set_up=set_up,
)
