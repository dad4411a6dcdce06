"""From committed events to stale channels: see `bot.delivery.stores.EventStream`.

Redis's own consumer group hands each entry to one reader and keeps it until acknowledged.
Nothing blocks on the server: who commits wakes the reader, others look once a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.redis import keys
from adapters.redis.database import Argument, Call, Database
from adapters.redis.scripts import FANOUT
from adapters.redis.subscriptions import LIFE, described
from bot.delivery.queue import Subject
from bot.delivery.stores import StreamEntry
from bot.domain.blindness import Blindness
from bot.domain.board import BoardState
from bot.domain.errors import StoreError
from bot.domain.incident import Incident

GROUP = "fanout"
COUNT = 100
ABANDONED_MS = 10_000  # a fan-out that takes longer is done twice, which does no harm
BATCH = 64  # channels of a shard put in the queue by one script, so that claims get a turn between
FIRST_BATCH = 16  # so that the first messages go out while the rest is queued
KEEP_BELOW = LIFE // 2


class RedisEventStream:
    """`reader` names this process. `progress` is called whenever channels were queued."""

    def __init__(
        self, database: Database, reader: str, progress: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._reader = reader
        self._progress = progress

    async def read(self, provider: str, *, abandoned: bool = False) -> list[StreamEntry]:
        stream = f"{keys.provider(provider)}:events"
        try:
            return await self._read(stream, abandoned)
        except StoreError as error:
            # The group is made when it is first missed: at the very start, or after a loss.
            if "NOGROUP" not in str(error):
                raise
        try:
            await self._database.call("XGROUP", "CREATE", stream, GROUP, "0", "MKSTREAM")
        except StoreError as error:
            if "BUSYGROUP" not in str(error):  # another reader was faster
                raise
        return await self._read(stream, abandoned)

    async def acknowledge(self, provider: str, entries: Sequence[StreamEntry]) -> None:
        stream = f"{keys.provider(provider)}:events"
        await self._database.call("XACK", stream, GROUP, *(entry.id for entry in entries))

    async def enqueue(self, subject: Incident | Blindness, *, keep: bool = False) -> int:
        return await self._enqueue(subject, keys.concerned_sets(subject), keep=keep)

    async def enqueue_escalation(self, subject: Subject, minutes: int) -> int:
        return await self._enqueue(subject, [f"escalates:{n}" for n in range(1, minutes + 1)])

    async def has_boards(self) -> bool:
        for platform in await self._database.call("SMEMBERS", keys.PLATFORMS_KEY):
            for base in self._database.shards.of_platform(platform.decode()):
                if await self._database.call("EXISTS", f"{base}:index:{keys.BOARDS}"):
                    return True
        return False

    async def enqueue_boards(self, state: BoardState) -> int:
        return await self._enqueue(state, [keys.BOARDS])

    async def _enqueue(self, subject: Subject, sets: Sequence[str], *, keep: bool = False) -> int:
        platforms = await self._database.call("SMEMBERS", keys.PLATFORMS_KEY)
        about: tuple[Argument, ...] = described(subject)
        rest: tuple[Argument, ...] = (KEEP_BELOW if keep else 0, LIFE, *sets)
        batch = FIRST_BATCH
        places: dict[str, tuple[int | bytes, bytes]] = {
            base: (1, b"0")
            for platform in sorted(platforms)
            for base in self._database.shards.of_platform(platform.decode())
        }
        stale = 0
        while places:
            calls: list[Call] = [
                (base, (*about, *place, batch, *rest)) for base, place in places.items()
            ]
            answers = await self._database.run_many(FANOUT, calls)
            for base, answer in zip(list(places), answers, strict=True):
                if isinstance(answer, BaseException):
                    raise answer
                places[base] = (answer[0], answer[1])
                stale += answer[2]
                if not answer[0]:
                    del places[base]
            self._progress()
            batch = BATCH
        return stale

    async def may_sweep(self, name: str, seconds: float) -> bool:
        key = f"{keys.provider(name)}:sweep"
        taken = await self._database.call(
            "SET", key, self._reader, "NX", "PX", max(1, int(seconds * 1000))
        )
        return taken is not None

    async def _read(self, stream: str, abandoned: bool) -> list[StreamEntry]:
        call = self._database.call
        if abandoned:
            answer = await call(
                "XAUTOCLAIM", stream, GROUP, self._reader, ABANDONED_MS, "0", "COUNT", COUNT
            )
            return [_entry(one) for one in answer[1] if one and one[1]]
        answer = await call(
            "XREADGROUP", "GROUP", GROUP, self._reader, "COUNT", COUNT, "STREAMS", stream, ">"
        )
        return [_entry(one) for _, entries in answer for one in entries]


def _entry(raw: tuple[bytes, dict[bytes, bytes]]) -> StreamEntry:
    id_, fields = raw
    return StreamEntry(id_.decode(), fields[b"incident"].decode())
