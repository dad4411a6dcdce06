"""Deferred work: what a limit puts off and nobody waits for. It outlives the process.

Each job may be done twice without harm. The process that put it off does it when it is due; one
that is overdue is taken up by whichever process finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Final, Protocol

import orjson
import structlog

from adapters.chat.http import Json
from adapters.discord.errors import DiscordRefused
from bot.domain.errors import DeliveryError, RateLimited, StoreError

log = structlog.get_logger()

_TRIES = 5  # refused for another reason than a limit, a guess
_BACK_OFF_SECONDS = 60.0  # a guess
# How often work of other processes is looked for, and how late it must be: guesses.
RESUME_SECONDS: Final = 30.0
OVERDUE_SECONDS: Final = 60.0


class DeferredStore(Protocol):
    """Texts by name, each with its time, for all replicas. Every method raises `StoreError`."""

    async def put(self, name: str, text: str, seconds: float) -> None: ...

    async def remove(self, name: str) -> None: ...

    async def overdue(self, seconds: float) -> list[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. `kind` says what `body` is for; see `Posting.do`."""

    kind: str
    channel_id: int
    message_id: int
    body: Json

    @property
    def name(self) -> str:
        """Of several jobs of one name only the last one is done."""
        return f"{self.kind}:{self.message_id}"


class Deferred:
    """Jobs by name. `do` carries one out, with the errors of `RestClient.call`."""

    def __init__(self, do: Callable[[Job], Awaitable[None]]) -> None:
        self._do = do
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.store: DeferredStore | None = None  # None: nothing outlives the process

    async def put_off(self, job: Job, seconds: float) -> None:
        """Do a job in so many seconds, in place of earlier ones of that name."""
        self._cancel(job.name)
        await self._keep(job, seconds)
        task = self._tasks[job.name] = asyncio.create_task(self._run(job, seconds))

        def forget(done: asyncio.Task[None]) -> None:
            if self._tasks.get(job.name) is done:
                del self._tasks[job.name]

        task.add_done_callback(forget)

    async def drop(self, name: str) -> None:
        """Forget a job that is not needed any more."""
        self._cancel(name)
        await self._forget(name)

    async def resume(self) -> None:
        """Take up what other processes left, until cancelled."""
        while self.store is not None:
            try:
                for name, text in await self.store.overdue(OVERDUE_SECONDS):
                    if name in self._tasks:
                        continue
                    try:
                        job = Job(**orjson.loads(text))
                    except (ValueError, TypeError):  # of another version of this program
                        await self.store.remove(name)
                    else:
                        log.info("discord.deferred_resumed", what=job.kind)
                        await self.put_off(job, 0.0)
            except StoreError as error:
                log.debug("discord.deferred_unknown", reason=str(error))
            await asyncio.sleep(RESUME_SECONDS)

    async def close(self) -> None:
        """Leave what is not done yet to the next process."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job, seconds: float) -> None:
        tries = 0
        while tries < _TRIES:
            await asyncio.sleep(seconds)
            try:
                await self._do(job)
            except RateLimited as limited:
                seconds = limited.retry_after
                await self._keep(job, seconds)
            except (DeliveryError, DiscordRefused) as error:
                tries += 1
                log.info("discord.deferred_again", what=job.kind, reason=str(error))
                seconds = _BACK_OFF_SECONDS
            else:
                break
        await self._forget(job.name)

    def _cancel(self, name: str) -> None:
        if task := self._tasks.pop(name, None):
            task.cancel()

    async def _keep(self, job: Job, seconds: float) -> None:
        if self.store is not None:
            try:
                await self.store.put(job.name, orjson.dumps(asdict(job)).decode(), seconds)
            except StoreError as error:
                log.warning("discord.deferred_not_kept", what=job.kind, reason=str(error))

    async def _forget(self, name: str) -> None:
        if self.store is not None:
            try:
                await self.store.remove(name)
            except StoreError as error:
                # It is done once more, which changes nothing.
                log.info("discord.deferred_not_removed", reason=str(error))
