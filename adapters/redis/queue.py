"""The queue in Redis: see `bot.delivery.queue` for what it promises, queue.lua for how.

Workers serve hundreds of channels at once. What they settle within a few milliseconds goes to
Redis together, one script per shard and one round trip for all, where Redis is one server.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.redis import codec, keys
from adapters.redis.codec import moment, read_subscription, read_thread, write_pause, write_thread
from adapters.redis.database import Argument, Database
from adapters.redis.forget import forget_reminders
from adapters.redis.scripts import CLAIM, DEPTH, SENDING, SETTLE, STALE, WAKE
from adapters.redis.subscriptions import LIFE, described
from bot.delivery.queue import (
    Claim,
    Claims,
    Outcome,
    PendingThread,
    Settlement,
    Subject,
)
from bot.domain.errors import StoreError
from bot.domain.subscription import Channel, ThreadRecord

LINGER = 0.003  # seconds that a settlement waits for others
MOST_TOGETHER = 128  # settlements in one round trip
MOST_PER_SHARD = 64  # channels claimed by one script: it holds Redis up for about a millisecond
TRIES = 3
ASIDE_MS = 3_600_000  # a silenced tenant's channels are looked at again so often
_NOTHING = ThreadRecord()

_Waiting = tuple[str, list[Argument], asyncio.Future[bool]]


class RedisQueue:
    """`holder` names this process among others; `lease` in seconds. `queued` is called whenever
    this process has put channels in the queue.
    """

    def __init__(
        self,
        database: Database,
        holder: str,
        queued: Callable[[], None] = lambda: None,
        *,
        lease: float = 30.0,
    ) -> None:
        self._database = database
        self._queued = queued
        # A process that had this name before may have left claims: no token is given twice.
        self._tokens = f"{holder}:{secrets.token_hex(4)}"
        self.lease = lease
        self._numbers = itertools.count()
        self._waiting: list[_Waiting] = []
        self._flushing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def claim(self, platform: str, count: int, *, notes_sends: bool = False) -> Claims:
        token = f"{self._tokens}:{next(self._numbers)}"
        each = max(1, min(count // keys.SHARDS, MOST_PER_SHARD))
        deadline = time.monotonic() + self.lease
        arguments = (each, int(self.lease * 1000), token, ASIDE_MS, int(notes_sends))
        calls = [(base, arguments) for base in keys.shards(platform)]
        answers = await self._database.run_many(CLAIM, calls)
        fine = [answer for answer in answers if not isinstance(answer, BaseException)]
        if not fine:
            error: BaseException = answers[0]
            raise error if isinstance(error, StoreError) else StoreError(type(error).__name__)
        claims = [
            claim
            for answer in fine
            for claim in _read_claims(platform, answer, token=token, deadline=deadline)
        ]
        waits = [(int(one[4]) - int(one[0])) / 1000 for one in fine if int(one[4])]
        more = any(int(one[3]) for one in fine)
        return Claims(claims, more, max(0.0, min(waits)) if waits else None)

    async def sending(self, claim: Claim) -> bool:
        base, member = keys.shard_of(claim.channel), keys.member(claim.channel)
        return bool(await self._database.run(SENDING, base, member, claim.token))

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
        # Nobody there can be written to; they hold ids of people, which are not kept for nothing.
        await forget_reminders(self._database, platform, tenant)

    async def silenced(self, platform: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for base in keys.shards(platform):
            stored = await self._database.call("HGETALL", f"{base}:tenants")
            pairs = (
                stored.items()
                if isinstance(stored, dict)
                else zip(stored[::2], stored[1::2], strict=True)
            )
            found |= {tenant.decode(): reason.decode() for tenant, reason in pairs}
        return found

    async def mark_stale(
        self, channel: Channel, subjects: Sequence[Subject], *, delay: float = 0.0
    ) -> None:
        described_all = [argument for subject in subjects for argument in described(subject)]
        arguments = (keys.member(channel), 1, int(delay * 1000), *described_all)
        await self._database.run(STALE, keys.shard_of(channel), *arguments)
        self._queued()

    async def wake(self, channel: Channel) -> None:
        await self._database.run(WAKE, keys.shard_of(channel), keys.member(channel), "")

    async def wake_tenant(self, platform: str, tenant: str) -> None:
        for base in keys.shards(platform):
            await self._database.run(WAKE, base, tenant, "*")

    async def thread(self, channel: Channel, incident: str) -> ThreadRecord | None:
        """Return what stands in a channel of an incident, for those who explain."""
        base, member = keys.shard_of(channel), keys.member(channel)
        stored = await self._database.call("GET", f"{base}:thread:{member}:{incident}")
        return read_thread(stored) if stored else None

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
                _answer_all(group, answer)
        return again

    def _arguments(self, settlement: Settlement) -> list[Argument]:
        claim = settlement.claim
        wait = self.lease if settlement.outcome is Outcome.HOLD else settlement.delay
        at = settlement.at
        pause: bytes = b"ended" if settlement.resume else b""
        if settlement.pause is not None:
            pause = write_pause(settlement.pause)
        arguments: list[Argument] = [
            keys.member(claim.channel),
            claim.token,
            settlement.outcome.value,
            int(wait * 1000) if at is None else f"={at:.0f}",
            settlement.unconfirmed.value,
            b"" if settlement.failures is None else settlement.failures,
            b"" if at is None else f"{at:.0f}",
            pause,
            len(settlement.updates),
        ]
        for update in settlement.updates:
            pending = update.pending
            is_reminder = pending.reminder is not None  # it needs no record: it is forgotten
            arguments += [
                pending.subject,
                pending.entry if update.settled else b"",
                b"" if is_reminder else write_thread(update.thread, update.version),
                LIFE,
                1 if update.forget else 0,
            ]
        return arguments


def _answer_all(group: list[_Waiting], answer: Any) -> None:  # noqa: ANN401 - as redis-py gives it
    for number, (_, _, done) in enumerate(group):
        if done.done():
            continue
        if isinstance(answer, BaseException):
            done.set_exception(answer)
        else:
            done.set_result(bool(answer[number]))


# --- what the scripts answer ----------------------------------------------------------------


def _read_claims(platform: str, answer: list[Any], *, token: str, deadline: float) -> list[Claim]:
    lost, changed = int(answer[1]), int(answer[2])
    claims = []
    for at in range(5, len(answer), 5):
        member, subscription, pause, flat, subjects = answer[at : at + 5]
        entry = dict(zip(flat[::2], flat[1::2], strict=True))
        tenant, _, id_ = member.decode().partition("/")
        unconfirmed_since = entry.get(b"unconfirmed_since")
        claims.append(
            Claim(
                channel=Channel(platform, tenant, id_),
                token=token,
                deadline=deadline,
                subscription=read_subscription(subscription, pause) if subscription else None,
                pending=_read_pending(entry, subjects),
                unconfirmed_since=moment(int(unconfirmed_since)) if unconfirmed_since else None,
                lost=(moment(lost), moment(changed)) if changed else None,
                failures=int(entry.get(b"failures", 0)),
                granted=b"granted_at" in entry,
            )
        )
    return claims


def _read_pending(entry: dict[bytes, bytes], subjects: list[bytes]) -> tuple[PendingThread, ...]:
    pending = []
    for subject, stored, reminder in zip(
        subjects[::3], subjects[1::3], subjects[2::3], strict=True
    ):
        class_, since, first, version = entry[subject].split(b":", 3)
        one = PendingThread(
            subject.decode(),
            version.decode().rstrip("+"),
            read_thread(stored) if stored else _NOTHING,
            first=int(first),
            reminder=codec.reminders.load(reminder) if reminder else None,
            entry=entry[subject],
        )
        pending.append((int(class_), int(since), one))
    return tuple(one for _, _, one in sorted(pending, key=lambda item: item[:2]))


# --- how much waits -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits in the queue of a platform."""

    channels: int  # that are stale
    lag: float  # seconds that the first of those ready waits
    silenced: int = 0  # tenants that nothing is sent to until they are back


async def depth_of(database: Database, platform: str, now: datetime) -> Depth:
    """Add up the shards of a platform.

    Raises:
        StoreError: Redis did not answer.
    """
    answers = await database.run_many(DEPTH, [(base, ()) for base in keys.shards(platform)])
    channels, oldest, silenced = 0, 0.0, 0
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        channels += int(answer[0])
        silenced = max(silenced, int(answer[2]))  # noted in each shard
        since = float(answer[1])
        oldest = min(oldest, since) if oldest and since else oldest or since
    lag = now.timestamp() - oldest / 1000 if oldest else 0.0
    return Depth(channels, max(0.0, lag), silenced)
