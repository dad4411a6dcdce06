"""The queue in Redis: see `bot.delivery.queue` for what it promises, queue.lua for how.

Couriers work on hundreds of channels at once. What they settle within a few milliseconds goes to
Redis together, one script per shard and one round trip for all, where Redis is one server.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.redis import codec, keys
from adapters.redis.database import Argument, Database
from adapters.redis.scripts import CLAIM, SETTLE, WAKE
from adapters.redis.subscriptions import LIFE, read_subscription, write_pause
from bot.delivery.queue import (
    Claim,
    Claims,
    Outcome,
    PendingThread,
    Settlement,
    ThreadUpdate,
    Unconfirmed,
    version_of,
)
from bot.domain.errors import StoreError
from bot.domain.subscription import Channel, ThreadRecord

LINGER = 0.003  # seconds that a settlement waits for others
MOST_TOGETHER = 128  # settlements in one round trip
MOST_PER_SHARD = 64  # channels claimed by one script: it holds Redis up for about a millisecond
TRIES = 3
ASIDE_MS = 3_600_000  # a silenced tenant's channels are looked at again so often
_DOUBTS = {Unconfirmed.AS_BEFORE: b"", Unconfirmed.CLEARED: b"-", Unconfirmed.BEGUN: b"claim"}
_NOTHING = ThreadRecord()

_Waiting = tuple[str, list[Argument], asyncio.Future[bool]]


class RedisQueue:
    """`holder` names this process among others; `lease` in seconds."""

    def __init__(self, database: Database, holder: str, *, lease: float = 30.0) -> None:
        self._database = database
        self._holder = holder
        self.lease = lease
        self._numbers = itertools.count()
        self._waiting: list[_Waiting] = []
        self._flushing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def claim(self, platform: str, count: int) -> Claims:
        token = f"{self._holder}:{next(self._numbers)}"
        each = max(1, min(count // keys.SHARDS, MOST_PER_SHARD))
        deadline = time.monotonic() + self.lease
        arguments = (each, int(self.lease * 1000), token, ASIDE_MS)
        calls = [(base, arguments) for base in keys.shards(platform)]
        answers = await self._database.run_many(CLAIM, calls)
        fine = [answer for answer in answers if not isinstance(answer, BaseException)]
        if not fine:
            raise _error(answers)
        claims = [
            claim
            for answer in fine
            for claim in _read_claims(platform, answer, token=token, deadline=deadline)
        ]
        waits = [(int(one[4]) - int(one[0])) / 1000 for one in fine if int(one[4])]
        more = any(int(one[3]) for one in fine)
        return Claims(claims, more, max(0.0, min(waits)) if waits else None)

    async def settle(self, settlement: Settlement) -> bool:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        base = keys.shard_of(settlement.claim.channel)
        self._waiting.append((base, self._arguments(settlement), done))
        if len(self._waiting) >= MOST_TOGETHER:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._flush)
        return await done

    async def silence(self, platform: str, tenant: str, reason: str) -> None:
        for base in keys.shards(platform):
            await self._database.call("HSET", f"{base}:tenants", tenant, reason)

    async def wake(self, channel: Channel) -> None:
        await self._database.run(WAKE, keys.shard_of(channel), keys.member(channel), "")

    async def wake_tenant(self, platform: str, tenant: str) -> None:
        for base in keys.shards(platform):
            await self._database.run(WAKE, base, tenant, "*")

    async def thread(self, channel: Channel, incident: str) -> ThreadRecord | None:
        """Return what stands in a channel of an incident, for those who explain."""
        base, member = keys.shard_of(channel), keys.member(channel)
        stored = await self._database.call("GET", f"{base}:thread:{member}:{incident}")
        return _read_thread(stored) if stored else None

    async def close(self) -> None:
        """Give up what is not settled yet; such claims end by themselves."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._flushing:
            task.cancel()
        await asyncio.gather(*self._flushing, return_exceptions=True)

    # --- settling together ------------------------------------------------------------------

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if waiting:
            task = asyncio.create_task(self._settle_all(waiting))
            self._flushing.add(task)
            task.add_done_callback(self._flushing.discard)

    async def _settle_all(self, waiting: list[_Waiting]) -> None:
        try:
            # Twice does no harm: the second time the claim is over, or its lease starts again.
            for attempt in range(TRIES):
                waiting = await self._settle_once(waiting, last=attempt == TRIES - 1)
                if not waiting:
                    return
                await asyncio.sleep(0.05 * (attempt + 1))
        finally:  # stopped in the middle: those who wait must not wait for ever
            for _, _, done in waiting:
                if not done.done():
                    done.cancel()

    async def _settle_once(self, waiting: list[_Waiting], *, last: bool) -> list[_Waiting]:
        by_shard: dict[str, list[_Waiting]] = defaultdict(list)
        for one in waiting:
            by_shard[one[0]].append(one)
        calls = [
            (base, [argument for _, arguments, _ in group for argument in arguments])
            for base, group in by_shard.items()
        ]
        answers = await self._database.run_many(SETTLE, calls)
        again = []
        for group, answer in zip(by_shard.values(), answers, strict=True):
            if isinstance(answer, BaseException) and not last:
                again += group
            else:
                _tell(group, answer)
        return again

    def _arguments(self, settlement: Settlement) -> list[Argument]:
        claim = settlement.claim
        wait = self.lease if settlement.outcome is Outcome.HOLD else settlement.delay
        at = settlement.at
        pause: bytes = b"-" if settlement.unpause else b""
        if settlement.pause is not None:
            pause = write_pause(settlement.pause)
        arguments: list[Argument] = [
            keys.member(claim.channel),
            claim.token,
            settlement.outcome.value,
            int(wait * 1000) if at is None else f"={at:.0f}",
            _DOUBTS[settlement.doubt],
            b"" if settlement.failures is None else settlement.failures,
            b"" if at is None else f"{at:.0f}",
            pause,
            len(settlement.records),
        ]
        for record in settlement.records:
            arguments += [record.wanted.incident, record.wanted.entry if record.settled else b""]
            arguments += [_write_thread(record), LIFE]
        return arguments


def _tell(group: list[_Waiting], answer: Any) -> None:  # noqa: ANN401 - as redis-py gives it
    for number, (_, _, done) in enumerate(group):
        if done.done():
            continue
        if isinstance(answer, BaseException):
            done.set_exception(answer)
        else:
            done.set_result(bool(answer[number]))


def _error(answers: Sequence[Any]) -> BaseException:
    error: BaseException = next(one for one in answers if isinstance(one, BaseException))
    return error if isinstance(error, StoreError) else StoreError(type(error).__name__)


# --- what the scripts keep ------------------------------------------------------------------


def _read_claims(platform: str, answer: list[Any], *, token: str, deadline: float) -> list[Claim]:
    lost, changed = int(answer[1]), int(answer[2])
    claims = []
    for at in range(5, len(answer), 5):
        member, subscription, pause, flat, threads = answer[at : at + 5]
        entry = dict(zip(flat[::2], flat[1::2], strict=True))
        tenant, _, id_ = member.decode().partition("/")
        claims.append(
            Claim(
                channel=Channel(platform, tenant, id_),
                token=token,
                deadline=deadline,
                subscription=read_subscription(subscription, pause),
                wanted=_read_wanted(entry, threads),
                doubt=_moment(entry.get(b"?")),
                lost=(_at(lost), _at(changed)) if changed else None,
                failures=int(entry.get(b"!", 0)),
                granted=b"@" in entry,
            )
        )
    return claims


def _read_wanted(entry: dict[bytes, bytes], threads: list[bytes]) -> tuple[PendingThread, ...]:
    wanted = []
    for incident, stored in zip(threads[::2], threads[1::2], strict=True):
        class_, since, first, wanted_mark = entry[incident].split(b":", 3)
        thread = _read_thread(stored) if stored else _NOTHING
        one = PendingThread(
            incident.decode(),
            wanted_mark.decode().rstrip("+"),
            thread,
            first=int(first),
            entry=entry[incident],
        )
        wanted.append((int(class_), int(since), one))
    return tuple(one for _, _, one in sorted(wanted, key=lambda item: item[:2]))


def _read_thread(stored: bytes) -> ThreadRecord:
    return codec.threads.load(stored.split(b"|", 2)[2])


def _write_thread(record: ThreadUpdate) -> bytes:
    done = version_of(record.incident) if record.settled and record.incident else ""
    root = 1 if record.thread.root is not None else 0
    return b"%s|%d|%s" % (done.encode(), root, codec.threads.dump(record.thread))


def _moment(ms: bytes | None) -> datetime | None:
    return None if ms is None else _at(int(ms))


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
