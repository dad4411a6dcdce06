"""The chat platforms, a row each. Another one is its folder and a line here."""

from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from adapters.chat.platform import OpenPlatform, Parts, Platform
from adapters.discord.row import DISCORD
from adapters.slack.row import SLACK
from adapters.terminal.row import TERMINAL
from bot.domain.errors import SettingsError
from bot.settings import Settings, load_settings

log = structlog.get_logger()

# The terminal first: it shows what becomes of the others.
PLATFORMS: tuple[Platform, ...] = (TERMINAL, SLACK, DISCORD)


def settings_of_all(dotenv: Path | None = None) -> Settings:
    """Settings with those of every platform; `dotenv` is a file to read below the environment.

    Raises:
        SettingsError: names every unknown or bad setting, and where it stands.
    """
    return load_settings([row.settings for row in PLATFORMS if row.settings is not None], dotenv)


async def open_platforms(parts: Parts, stack: AsyncExitStack) -> list[OpenPlatform]:
    """Open what the settings ask for. A platform that refuses us leaves the others to go on.

    Raises:
        SettingsError: none accepts what the settings say.
    """
    opened: list[OpenPlatform] = []
    refusals: list[SettingsError] = []
    for row in PLATFORMS:
        if not row.is_wanted(parts.settings):
            continue
        try:
            opened.append(await stack.enter_async_context(row.open(parts)))
        except SettingsError as refused:
            refusals.append(refused)
            log.warning("platform.refused", platform=row.name, reason=str(refused))
    if refusals and not opened:
        raise SettingsError("; ".join(map(str, refusals)))
    return opened
