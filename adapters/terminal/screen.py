"""Writes the terminal's text without ever holding up the rest of the program.

Writing to a pipe that nobody empties blocks. So a thread of its own writes, one piece of work
after the other, and whoever shows something waits for it without blocking the loop. The thread is
a daemon: a stuck reader cannot keep the program from ending.
"""

from __future__ import annotations

import asyncio
import os
import queue
import select
import threading
from collections.abc import Awaitable, Callable
from typing import TextIO

from adapters.terminal.look import PLAIN
from bot.domain.errors import DeliveryError, Uncertain

_CLOSED = "the terminal is closed"


class Screen:
    """Lines out. `gone` is set once nobody reads them any more (the pipe was closed)."""

    def __init__(self, out: TextIO) -> None:
        self._fd = out.fileno()
        self._encoding = out.encoding or "utf-8"
        self.gone = asyncio.Event()
        # A prompt sets this, so that what is shown goes above it.
        self.above: Callable[[Callable[[], None]], Awaitable[None]] | None = None
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()

        def write_all() -> None:
            while work := self._work.get():
                try:
                    self._write(work.data, work.after)
                except DeliveryError as error:
                    work.settle(error)
                else:
                    work.settle(None)

        self._thread = threading.Thread(target=write_all, daemon=True, name="terminal")
        self._thread.start()

    async def show(self, text: str, after: Callable[[], None] = lambda: None) -> None:
        """Write `text`, then at once, in the same breath, call `after` (which must not block).

        Raises:
            Uncertain: it was written, and `after` failed with an OSError (a full disk).
            DeliveryError: nobody reads us any more.
        """
        if self.gone.is_set():
            raise DeliveryError(_CLOSED)
        data = text.encode(self._encoding, errors=PLAIN)
        try:
            if self.above:
                await self.above(lambda: self._write(data, after))
            else:
                work = _Work(data, after, asyncio.get_running_loop())
                self._work.put(work)
                # Shielded: what was begun is finished and recorded, even if nobody waits any more.
                await asyncio.shield(work.done)
        except DeliveryError as error:
            if error.reason == _CLOSED:
                self.gone.set()
            raise

    def close(self) -> None:
        """Let the thread end after what was given to it before."""
        self._work.put(None)
        self._thread.join(timeout=1)

    def _write(self, data: bytes, after: Callable[[], None]) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:  # somebody made it non-blocking; wait until it takes more
                select.select([], [self._fd], [])
            except OSError as error:
                raise DeliveryError(_CLOSED) from error
        try:
            after()
        except OSError as error:
            raise Uncertain(f"shown, but not recorded: {error.strerror}") from error


class _Work:
    """One piece of text, and the promise that somebody waits on."""

    def __init__(
        self, data: bytes, after: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.data = data
        self.after = after
        self.done: asyncio.Future[None] = loop.create_future()
        self._loop = loop

    def settle(self, error: DeliveryError | None) -> None:
        """Tell whoever waits, from the thread that wrote."""

        def tell() -> None:
            if self.done.done():
                return
            if error:
                self.done.set_exception(error)
            else:
                self.done.set_result(None)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(tell)
