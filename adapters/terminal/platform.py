"""The terminal as one thing for the composition root: opened, given the commands, run, closed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from adapters.redis.notes import RedisNotes
from adapters.terminal.messenger import CONSOLE, Terminal
from bot.commands import Commands, Request
from bot.errors import DeliveryError, StoreError
from bot.model import Severity, Subscription
from bot.ports import Clock, Journal, Subscriptions

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
    subscriptions: Subscriptions
    journal: Journal
    notes: RedisNotes
    clock: Clock

    async def subscribe_once(self) -> None:
        """Subscribe a new terminal to everything; an old one knows what it wants.

        Raises:
            StoreError: Redis did not answer.
        """
        if await self.notes.read(WELCOMED) is None:
            if await self.subscriptions.get(CONSOLE) is None:
                everything = Subscription(CONSOLE, Severity.UP, created_at=self.clock())
                await self.subscriptions.put(everything)
            # Marked afterwards: killed in between, the next start subscribes once more.
            await self.notes.write(WELCOMED, "yes")

    async def greet(self, first_looks: Sequence[asyncio.Event]) -> None:
        """Say how things are, as soon as somebody looked."""
        for looked in first_looks:
            await looked.wait()
        answer = await self.commands.answer(Request(CONSOLE, "local", "you"))
        try:
            await self.terminal.tell(answer.card)
        except DeliveryError:
            return  # nobody reads it, which `sit` notices

    async def join(self, providers: Iterable[str]) -> None:
        """Show a new terminal what runs already, for each page once it was read."""
        await asyncio.gather(*(self._join(provider) for provider in providers))

    async def _join(self, provider: str) -> None:
        while True:
            try:
                if await self._joined(provider):
                    return
            except StoreError as error:
                log.debug("terminal.not_joined", provider=provider, reason=str(error))
            await asyncio.sleep(AGAIN)

    async def _joined(self, provider: str) -> bool:
        note = f"{JOINED}-{provider}"
        if await self.notes.read(note) is not None:
            return True
        state = (await self.journal.load(provider)).state
        if state is None:
            return False
        running = [one.key for one in state.incidents.values() if one.is_open]
        if running and (subscription := await self.subscriptions.get(CONSOLE)):
            await self.subscriptions.put(subscription, behind=running)
        await self.notes.write(note, "yes")
        return True

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
