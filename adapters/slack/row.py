"""Slack's row in the table of platforms. Loads slack_bolt only when Slack is used."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated

import typer

from adapters.chat.platform import OpenPlatform, Parts, Platform, command_group
from adapters.slack.settings import SlackSettings
from bot.domain.checks import CheckResult
from bot.ports import Subscriptions
from bot.settings import Settings


def set_up(_: Callable[[], Settings]) -> typer.Typer:
    """The commands under `isclaudedown slack`."""
    commands = command_group("Setting up Slack.")

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


def connect(parts: Parts) -> AbstractAsyncContextManager[OpenPlatform]:
    from adapters.slack.platform import open_slack

    options = parts.settings.of(SlackSettings)
    return open_slack(options, parts.store, parts.commands, parts.catalog, parts.clock)


def explain_refusal(reason: str) -> str:
    from adapters.slack.errors import explain

    return explain(reason)


def check(settings: Settings, subscriptions: Subscriptions | None) -> AsyncIterator[CheckResult]:
    from adapters.slack.checks import check_slack

    return check_slack(settings.of(SlackSettings), subscriptions)


SLACK = Platform(
    name="slack",
    label="Slack",
    settings=SlackSettings,
    is_wanted=lambda settings: settings.of(SlackSettings).is_configured,
    open=connect,
    explain=explain_refusal,
    check=check,
    set_up=set_up,
)
