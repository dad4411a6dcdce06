"""Things that a limit puts off and that nobody waits for; of several alike the last one is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from adapters.discord.errors import DiscordRefused
from bot.domain.errors import DeliveryError, RateLimited

log = structlog.get_logger()

Work = Callable[[], Awaitable[None]]
_TRIES = 5
_BACK_OFF = 60.0


class Deferred:
    """Runs put-off work. `close` gives up what is left: it is cosmetic by nature."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def put_off(self, name: str, seconds: float, work: Work) -> None:
        """Do `work` in so many seconds, in place of earlier work of that name."""
        if earlier := self._tasks.pop(name, None):
            earlier.cancel()
        task = asyncio.create_task(self._run(name, seconds, work))
        self._tasks[name] = task
        task.add_done_callback(lambda done: self._forget(name, done))

    def drop(self, name: str) -> None:
        """What was put off under that name is not needed any more."""
        if task := self._tasks.pop(name, None):
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, name: str, done: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is done:
            del self._tasks[name]

    @staticmethod
    async def _run(name: str, seconds: float, work: Work) -> None:
        for _ in range(_TRIES):
            await asyncio.sleep(seconds)
            try:
                await work()
            except RateLimited as limited:
                seconds = limited.retry_after
            except (DeliveryError, DiscordRefused) as error:
                log.info("discord.put_off_again", what=name.partition(":")[0], reason=str(error))
                seconds = _BACK_OFF
            else:
                return
