"""The chat platforms, a row each. Another one is its folder and a line here."""

from pathlib import Path

from adapters.chat.platform import Platform
from adapters.discord.row import DISCORD
from adapters.slack.row import SLACK
from adapters.terminal.row import TERMINAL
from bot.settings import Settings, load_settings

# The terminal first: it shows what becomes of the others.
PLATFORMS: tuple[Platform, ...] = (TERMINAL, SLACK, DISCORD)


def settings_of_all(dotenv: Path | None = None) -> Settings:
    """Settings with those of every platform; `dotenv` is a file to read below the environment.

    Raises:
        SettingsError: names every unknown or bad setting, and where it stands.
    """
    return load_settings([row.settings for row in PLATFORMS if row.settings is not None], dotenv)
