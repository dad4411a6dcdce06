"""The terminal as one thing for the composition root: opened, given the commands, run, closed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from adapters.chat.platform import PageAddress, Parts
from adapters.redis.keyvalue import RedisKeyValue
from adapters.redis.subscriptions import RedisSubscriptions
from adapters.terminal.look import at_a_prompt
from adapters.terminal.messenger import CONSOLE, Terminal
from adapters.terminal.operator import OperatorNotices
from bot.catalog.catalog import Catalog
from bot.catalog.targets import neutral_sites
from bot.commands import Commands, Request
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.page import Severity
from bot.domain.subscription import Subscription
from bot.messages.text import notice
from bot.messenger import Messenger
from bot.ports import Clock, IncidentStore

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

log = structlog.get_logger()

# Kept in Redis, beside the subscription itself: a terminal is subscribed once in its life, and
# joins what already runs at a provider once.
WELCOMED = "terminal-welcomed"
JOINED = "terminal-joined"
AGAIN = 1.0  # seconds until the store is asked again


@dataclass(frozen=True, slots=True)
class Console:
    """Somebody's terminal: its channel, and what the one who sits there is told and may ask."""

    terminal: Terminal
    folder: Path
    commands: Commands
    subscriptions: RedisSubscriptions
    incident_store: IncidentStore
    notes: RedisKeyValue
    clock: Clock
    catalog: Catalog
    neutral_sites: Sequence[str]  # to tell an own network that is down from a page that is
    first_polls: Sequence[asyncio.Event]
    stop: asyncio.Event
    data_lost: asyncio.Event
    page: PageAddress
    routes: Sequence[BaseRoute] = ()

    @property
    def messenger(self) -> Messenger:
        return self.terminal

    async def run(self) -> None:
        """Say how things are, and take commands. Ends the program when nobody is there any more."""
        notices = OperatorNotices(self.catalog, self.terminal.tell, self.neutral_sites)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._greet())
            if self.terminal.takes_words:
                tasks.create_task(notices.run())
                # Some 250 ms and 5 MB that only a person at a terminal needs.
                from adapters.terminal.prompt import converse

                await converse(self.commands, self.terminal, self.folder)
            else:
                await self.terminal.screen.gone.wait()
            log.info("terminal.left")
            self.stop.set()

    async def _greet(self) -> None:
        """As soon as the pages were polled: subscribe a new terminal, and say how things are.

        And anew if Redis lost everything, this terminal's subscription too.
        """
        while True:
            for polled in self.first_polls:
                await polled.wait()
            await self._patiently(self._subscribed)
            joining = [
                asyncio.create_task(self._patiently(partial(self._joined, provider)))
                for provider in self.catalog.providers
            ]
            answer = await self.commands.answer(Request(CONSOLE, "local", "you"))
            try:
                await self.terminal.tell(answer.message)
                if self.page.url:
                    await self.terminal.tell(notice(f"In a browser: {self.page.url}"))
                await asyncio.gather(*joining)
            except DeliveryError:
                return  # nobody reads it, which `run` notices
            finally:
                for task in joining:
                    task.cancel()
            await self.data_lost.wait()
            self.data_lost.clear()

    async def _subscribed(self) -> bool:
        """A new terminal gets everything from now on; an old one knows what it wants."""
        if await self.notes.read(WELCOMED) is None:
            if await self.subscriptions.get(CONSOLE) is None:
                everything = Subscription(CONSOLE, Severity.UP, created_at=self.clock())
                await self.subscriptions.put(everything)
            # Marked afterwards: killed in between, the next start does it again.
            await self.notes.write(WELCOMED, "yes")
        return True

    async def _joined(self, provider: str) -> bool:
        """Show a new terminal what runs already at a provider; False: its page was not read yet."""
        note = f"{JOINED}-{provider}"
        if await self.notes.read(note) is not None:
            return True
        state = (await self.incident_store.load(provider)).state
        if state is None:
            return False
        running = [one.key for one in state.incidents.values() if one.is_open]
        await self.subscriptions.catch_up(CONSOLE, running)
        await self.notes.write(note, "yes")
        return True

    async def _patiently(self, done: Callable[[], Awaitable[bool]]) -> None:
        """Try until it is done, whatever ails the store."""
        while True:
            try:
                if await done():
                    return
            except StoreError as error:
                log.debug("terminal.waiting", reason=str(error))
            await asyncio.sleep(AGAIN)


@asynccontextmanager
async def open_console(parts: Parts) -> AsyncIterator[Console]:
    """The terminal that we were started from.

    Raises:
        StoreError: its transcript cannot be written.
    """
    folder = parts.settings.data_dir
    try:
        terminal = Terminal(sys.stdout, folder, parts.clock)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from error
    terminal.takes_words = at_a_prompt()
    try:
        yield Console(
            terminal,
            folder,
            parts.commands,
            parts.store.subscriptions,
            parts.store.incident_store,
            RedisKeyValue(parts.store.database),
            parts.clock,
            parts.catalog,
            neutral_sites(parts.catalog) if parts.settings.probes else (),
            parts.first_polls,
            parts.stop,
            parts.store.marker.lost,
            parts.page,
        )
    finally:
        terminal.close()
