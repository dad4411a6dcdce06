"""Work that a limit puts off and that nobody waits for; of several alike the last one is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from adapters.discord.errors import DiscordRefused
from bot.domain.errors import DeliveryError, RateLimited

log = structlog.get_logger()

Work = Callable[[], Awaitable[None]]
_TRIES = 5  # a guess
_BACK_OFF_SECONDS = 60.0  # a guess


class Deferred:
    """Tasks by name. `close` drops what is left."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def put_off(self, name: str, seconds: float, work: Work) -> None:
        """Do `work` in so many seconds, in place of earlier work of that name."""
        self.drop(name)
        task = self._tasks[name] = asyncio.create_task(run_later(name, seconds, work))

        def forget(done: asyncio.Task[None]) -> None:
            if self._tasks.get(name) is done:
                del self._tasks[name]

        task.add_done_callback(forget)

    def drop(self, name: str) -> None:
        """Cancel what was put off under that name."""
        if task := self._tasks.pop(name, None):
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run_later(name: str, seconds: float, work: Work) -> None:
    """Wait, then do `work`; again where Discord did not take it, at most five times."""
    for _ in range(_TRIES):
        await asyncio.sleep(seconds)
        try:
            await work()
        except RateLimited as limited:
            seconds = limited.retry_after
        except (DeliveryError, DiscordRefused) as error:
            log.info("discord.deferred_again", what=name.partition(":")[0], reason=str(error))
            seconds = _BACK_OFF_SECONDS
        else:
            return
