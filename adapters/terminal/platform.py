"""The terminal as one thing for the composition root: opened, given the commands, run, closed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from adapters.redis.keyvalue import RedisKeyValue
from adapters.redis.subscriptions import RedisSubscriptions
from adapters.terminal.messenger import CONSOLE, Terminal
from bot.commands import Commands, Request
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.page import Severity
from bot.domain.subscription import Subscription
from bot.ports import Clock, IncidentStore

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

    async def greet(self, first_looks: Sequence[asyncio.Event], providers: Iterable[str]) -> None:
        """As soon as somebody looked: subscribe a new terminal, and say how things are."""
        for looked in first_looks:
            await looked.wait()
        await self._patiently(self._subscribed)
        joining = [asyncio.create_task(self._join(provider)) for provider in providers]
        answer = await self.commands.answer(Request(CONSOLE, "local", "you"))
        try:
            await self.terminal.tell(answer.card)
            await asyncio.gather(*joining)
        except DeliveryError:
            return  # nobody reads it, which `sit` notices
        finally:
            for task in joining:
                task.cancel()

    async def _subscribed(self) -> bool:
        """A new terminal gets everything from now on; an old one knows what it wants."""
        if await self.notes.read(WELCOMED) is None:
            if await self.subscriptions.get(CONSOLE) is None:
                everything = Subscription(CONSOLE, Severity.UP, created_at=self.clock())
                await self.subscriptions.put(everything)
            # Marked afterwards: killed in between, the next start does it again.
            await self.notes.write(WELCOMED, "yes")
        return True

    async def _join(self, provider: str) -> None:
        """Show a new terminal what runs already, once the page was read."""
        await self._patiently(lambda: self._joined(provider))

    async def _joined(self, provider: str) -> bool:
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

    async def sit(self, stop: asyncio.Event) -> None:
        """Take commands if somebody can type some. Ends everything when they leave."""
        if sys.stdin.isatty() and self.terminal.screen.is_terminal:
            # Some 250 ms and 5 MB that only a person at a terminal needs.
            from adapters.terminal.prompt import converse  # noqa: PLC0415

            await converse(self.commands, self.terminal, self.folder)
        else:
            await self.terminal.screen.gone.wait()
        log.info("terminal.left")
        stop.set()


@asynccontextmanager
async def open_terminal(folder: Path, clock: Clock) -> AsyncIterator[Terminal]:
    """The terminal that we were started from.

    Raises:
        StoreError: its transcript cannot be written.
    """
    try:
        terminal = Terminal(sys.stdout, folder, clock)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        yield terminal
    finally:
        terminal.close()
