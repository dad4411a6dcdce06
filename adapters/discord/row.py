"""Discord's row in the table of platforms. Loads discord.py only when Discord is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated

import typer

from adapters.chat.platform import OpenPlatform, Parts, Platform, command_group
from adapters.discord.settings import DiscordSettings
from bot.domain.checks import CheckResult
from bot.ports import Subscriptions
from bot.settings import Settings


def set_up(load: Callable[[], Settings]) -> typer.Typer:
    """The commands under `isclaudedown discord`."""
    commands = command_group("Setting up Discord.")

    @commands.command()
    def invite(
        application: Annotated[
            str, typer.Option(help="The application's id; without it Discord is asked for it.")
        ] = "",
    ) -> None:
        """Print the link that adds the bot to a server, and what it asks for."""
        from adapters.discord.invite import application_of, invitation

        if not application:
            application = asyncio.run(application_of(load().of(DiscordSettings)))
        typer.echo(invitation(application))

    return commands


def connect(parts: Parts) -> AbstractAsyncContextManager[OpenPlatform]:
    from adapters.discord.platform import open_listening

    settings = parts.settings.of(DiscordSettings)
    return open_listening(settings, parts.store, parts.commands, parts.catalog, parts.clock)


def check(settings: Settings, subscriptions: Subscriptions | None) -> AsyncIterator[CheckResult]:
    from adapters.discord.checks import check_discord

    return check_discord(settings.of(DiscordSettings), subscriptions)


DISCORD = Platform(
    name="discord",
    label="Discord",
    settings=DiscordSettings,
    is_wanted=lambda settings: settings.of(DiscordSettings).is_configured,
    open=connect,
    check=check,
    set_up=set_up,
)
