"""The one way to Redis: commands and scripts, whichever kind of Redis it is; its errors are ours.

Nothing is repeated behind our back: redis-py's own retries are off (see `connect`), since a
write whose answer was lost may have happened. What is safe to repeat is repeated by its caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import NoPermissionError, NoScriptError

from adapters.redis import keys
from adapters.redis.errors import heed_cancellation, store_errors
from adapters.redis.scripts import URGENT, Script
from bot.domain.errors import StoreError

Client = Redis | RedisCluster
Argument = str | bytes | int | float
Answer = Any  # bytes, int, None or lists of them: each caller knows which
Call = tuple[str, Sequence[Argument]]  # key, arguments
# Awaited before and after every round trip with its name; tests crash there. See tests/chaos.
Failpoint = Callable[[str], Awaitable[None]]

SCANNED_TOGETHER = 1_000  # about, in one round trip
CONNECTIONS = 32  # of a pool, or to a node of a cluster; who asks for more at a time waits


class Database:
    """A connected Redis: single, behind Sentinel, or a cluster."""

    def __init__(self, client: Client, failpoint: Failpoint | None = None) -> None:
        self._client: Any = client
        self._cluster = isinstance(client, RedisCluster)
        # redis-py's pools wait for a free connection; its nodes of a cluster fail without one.
        self._turn: AbstractAsyncContextManager[None] = (
            asyncio.Semaphore(CONNECTIONS) if self._cluster else nullcontext()
        )
        self._failpoint = failpoint
        self.shards = keys.Shards(keys.SHARDS)  # of those that are stored, see `prepare`

    async def call(self, *command: Argument) -> Answer:
        """Run one command.

        Raises:
            StoreError: it was not done, or perhaps it was and the answer got lost.
        """
        name = f"redis.{str(command[0]).lower()}"
        await self._reached(f"before {name}")
        with store_errors():
            async with self._turn:
                answer = await self._client.execute_command(*command)
        await self._came_back(name)
        return answer

    async def run(self, script: Script, key: str, *arguments: Argument) -> Answer:
        """Run one script on the slot of `key`. Raises as `call` does."""
        await self._reached(f"before redis.{script.name}")
        with store_errors():
            async with self._turn:
                answer = await self._run(script, key, arguments)
        await self._came_back(f"redis.{script.name}")
        return answer

    async def run_many(self, script: Script, calls: Sequence[Call]) -> list[Answer]:
        """Run a script for several keys in one round trip; a StoreError stands in the place of
        an answer that did not come.
        """
        if len(calls) == 1 or self._cluster:
            return await asyncio.gather(
                *(self.run(script, key, *arguments) for key, arguments in calls),
                return_exceptions=True,
            )
        await self._reached(f"before redis.{script.name}")
        try:
            with store_errors():
                pipe = self._client.pipeline(transaction=False)
                for key, arguments in calls:
                    pipe.execute_command("EVALSHA", script.sha, 1, key, *arguments)
                answers = await pipe.execute(raise_on_error=False)
        except StoreError as error:
            return [error] * len(calls)
        answers = [
            await self._mended(script, call, answer)
            for call, answer in zip(calls, answers, strict=True)
        ]
        await self._came_back(f"redis.{script.name}")
        return answers

    async def _mended(self, script: Script, call: Call, answer: Answer) -> Answer:
        if not isinstance(answer, Exception):
            return answer
        try:
            with store_errors():
                if isinstance(answer, NoScriptError):
                    return await self._run(script, call[0], call[1])
                raise answer
        except StoreError as error:
            return error

    async def _run(self, script: Script, key: str, arguments: Sequence[Argument]) -> Answer:
        try:
            return await self._client.execute_command("EVALSHA", script.sha, 1, key, *arguments)
        except NoScriptError:  # a new server, or one that was restarted
            return await self._client.execute_command("EVAL", script.text, 1, key, *arguments)

    async def _reached(self, point: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(point)

    async def _came_back(self, name: str) -> None:
        heed_cancellation()
        await self._reached(f"after {name}")

    async def keys_like(self, pattern: str) -> AsyncIterator[bytes]:
        """Walk over all keys that match: slow, for what an operator does now and then.

        Raises:
            StoreError: Redis did not answer.
        """
        with store_errors():
            async for key in self._client.scan_iter(match=pattern, count=SCANNED_TOGETHER):
                yield key

    async def scan(self, key: str, pattern: str) -> AsyncIterator[tuple[bytes, bytes]]:
        """Walk over the fields of a hash that match, with their values; each is shown once.

        They may be deleted meanwhile.

        Raises:
            StoreError: Redis did not answer.
        """
        cursor: Any = b"0"
        seen = set()  # a walk may show the same twice
        while True:
            cursor, page = await self.call(
                "HSCAN", key, cursor, "MATCH", pattern, "COUNT", SCANNED_TOGETHER
            )
            for field, stored in list(page.items()):
                if field not in seen:
                    seen.add(field)
                    yield field, stored
            if int(cursor) == 0:
                return

    async def prepare(self, *, resharding: bool = False) -> None:
        """Check that what is stored there is of our version, learn the number of shards, and have
        the urgent scripts compiled.

        `resharding`: destinations may be on the way to other shards; their number is not learned.

        Raises:
            StoreError: it was written by a newer version, destinations are on the way, or Redis
                does not answer.
        """
        await self._check_schema()
        stored = await self.stored_shards()
        if resharding:
            return
        if not stored.isdigit():
            count = stored.partition("<")[0]
            raise StoreError(
                f"the destinations are being moved into {count} shards: nothing else can run until "
                f"`isclaudedown reshard {count}` has ended; if it was interrupted, run it again"
            )
        self.shards = keys.Shards(int(stored))
        # Else the first incident would wait for it: ten round trips, since each shard says so.
        everywhere = {"target_nodes": RedisCluster.PRIMARIES} if self._cluster else {}
        for script in URGENT:
            with store_errors(), suppress(NoPermissionError):  # then they are when first needed
                await self._client.execute_command("SCRIPT LOAD", script.text, **everywhere)

    async def stored_shards(self) -> str:
        """Return how many shards there are, or how far a move is (see reshard.py)."""
        await self.call("SET", keys.SHARDS_KEY, self.shards.count, "NX")
        stored: bytes = await self.call("GET", keys.SHARDS_KEY)
        return stored.decode()

    async def _check_schema(self) -> None:
        await self.call("SET", keys.SCHEMA_KEY, keys.SCHEMA, "NX")
        stored = await self.call("GET", keys.SCHEMA_KEY)
        if not stored.isdigit():
            raise StoreError(
                f"this Redis holds something else at {keys.SCHEMA_KEY}, where the version of our "
                "data belongs: point REDIS_URL at another database, or delete that key"
            )
        found = int(stored)
        if found > keys.SCHEMA:
            raise StoreError(
                f"this Redis was written by a newer isclaudedown (schema {found}, this one knows "
                f"{keys.SCHEMA}): start that version, or point REDIS_URL elsewhere"
            )
        for migrate in MIGRATIONS[found - 1 :]:
            await migrate(self)
        if found < keys.SCHEMA:
            await self.call("SET", keys.SCHEMA_KEY, keys.SCHEMA)

    async def close(self) -> None:
        with store_errors():
            await self._client.aclose()
            # The Sentinels that were asked for the primary, which redis-py leaves open.
            pool = getattr(self._client, "connection_pool", None)
            manager = getattr(pool, "sentinel_manager", None)
            for sentinel in manager.sentinels if manager is not None else ():
                await sentinel.aclose()


# What turns schema 1 into 2, 2 into 3 …; each may be repeated after a crash.
MIGRATIONS: Sequence[Callable[[Database], Awaitable[None]]] = ()
