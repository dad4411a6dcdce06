"""The row that each chat platform keeps in its own folder for the composition root.

The rows stand together in `adapters/platforms.py`. A row imports nothing of its library: whoever
does not use a platform does not pay for loading it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import typer

from bot.setting_sections import PlatformSettings
from bot.settings import Settings

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from adapters.redis.store import Store
    from bot.catalog.catalog import Catalog
    from bot.commands import Commands
    from bot.domain.checks import CheckResult
    from bot.messenger import Messenger
    from bot.ports import Clock, Subscriptions


@dataclass(slots=True)
class PageAddress:
    """The address of our own page; known once it is listened for, after the platforms opened."""

    url: str = ""  # empty: there is none


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the program that a platform is opened with."""

    settings: Settings
    store: Store
    commands: Commands
    catalog: Catalog
    clock: Clock
    first_polls: Sequence[asyncio.Event]  # one a page, set once it was polled, well or not
    stop: asyncio.Event  # ends the program when set
    page: PageAddress


class OpenPlatform(Protocol):
    """A platform that is connected. `routes`: HTTP requests that it wants to get."""

    @property
    def messenger(self) -> Messenger: ...

    @property
    def routes(self) -> Sequence[BaseRoute]: ...

    async def run(self) -> None:
        """Take what people say there, until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Platform:
    """One row. `name` is the first part of a channel's address, `label` what people read."""

    name: str
    label: str
    settings: type[PlatformSettings] | None  # None: nothing of its own to set
    is_wanted: Callable[[Settings], bool]
    # Raises SettingsError: the platform does not accept what the settings say.
    open: Callable[[Parts], AbstractAsyncContextManager[OpenPlatform]]
    # The platform's reason for refusing a message, in words for the people of the channel. As it
    # came, unless the platform speaks in codes.
    explain: Callable[[str], str] = str
    # For `doctor`; the subscriptions are None where the store cannot be read.
    check: Callable[[Settings, Subscriptions | None], AsyncIterator[CheckResult]] | None = None
    # Commands for setting it up (`isclaudedown slack …`), given what loads the settings.
    set_up: Callable[[Callable[[], Settings]], typer.Typer] | None = None


def command_group(about: str) -> typer.Typer:
    """Return an empty group of commands, in which a single command keeps its own name."""
    commands = typer.Typer(help=about, no_args_is_help=True)
    # Without a callback typer would take the group itself for its one command.
    commands.callback()(lambda: None)
    return commands
