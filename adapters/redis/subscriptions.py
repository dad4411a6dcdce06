"""Subscriptions and reminders in Redis: see `bot.ports.Subscriptions` for what they promise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from adapters.redis import codec, keys
from adapters.redis.codec import read_subscription, write_pause
from adapters.redis.database import Argument, Database
from adapters.redis.scripts import OF_TENANT, REMIND, STALE, SUBSCRIBE, UNSUBSCRIBE
from bot.delivery.queue import Subject
from bot.domain.board import BoardState
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Reminder, Subscription
from bot.ports import IncidentStore

_CLASSES = (Severity.MAJOR, Severity.PARTIAL, Severity.DEGRADED, Severity.MAINTENANCE)
LIFE = keys.THREAD_DAYS * 86_400_000


class RedisSubscriptions:
    def __init__(
        self,
        database: Database,
        incident_store: IncidentStore,
        queued: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._incident_store = incident_store
        self._queued = queued

    async def get(self, channel: Channel) -> Subscription | None:
        base, member = self._database.shards.of(channel), keys.member(channel)
        found = await self._database.call("HGET", f"{base}:subscriptions", member)
        if found is None:
            return None
        pause = await self._database.call("HGET", f"{base}:paused", member)
        return read_subscription(found, pause or b"")

    async def put(self, subscription: Subscription, behind: Sequence[str] = ()) -> None:
        channel = subscription.channel
        await know_platform(self._database, channel.platform)
        arguments: list[Argument] = [
            keys.member(channel),
            codec.subscriptions.dump(replace(subscription, paused=None, changed_at=None)),
            ",".join(keys.wanted_sets(subscription)),
            write_pause(subscription.paused) if subscription.paused else "",
            LIFE,
            1 if subscription.has_times else 0,
        ]
        if subscription.board is not None:
            arguments += described(BoardState(f"{subscription.board.number}:asked"))
        arguments += await self._marked(behind)
        await self._database.run(SUBSCRIBE, self._database.shards.of(channel), *arguments)
        self._queued()

    async def catch_up(self, channel: Channel, behind: Sequence[str]) -> None:
        """Queue the channel for incidents (keys) that it may never have been told of.

        Its subscription stays as it is, with the time from which it holds.
        """
        marked = await self._marked(behind)
        if marked:
            member = keys.member(channel)
            await self._database.run(
                STALE, self._database.shards.of(channel), member, 0, 0, *marked
            )
            self._queued()

    async def _marked(self, behind: Sequence[str]) -> list[Argument]:
        found = [await self._incident_store.incident(key) for key in behind]
        return [
            argument
            for incident in found
            if incident is not None
            for argument in described(incident)
        ]

    async def remove(self, channel: Channel) -> bool:
        base, member = self._database.shards.of(channel), keys.member(channel)
        before = await self.get(channel)
        board = before.board if before else None
        end = described(BoardState(f"{board.number}:end")) if board else ()
        removed = bool(await self._database.run(UNSUBSCRIBE, base, member, *end))
        if board:
            self._queued()
        return removed

    async def of_tenant(self, platform: str, tenant: str) -> AsyncIterator[Subscription]:
        calls = [
            (base, (keys.tenant_set(tenant),))
            for base in self._database.shards.of_platform(platform)
        ]
        for answer in await self._database.run_many(OF_TENANT, calls):
            if isinstance(answer, BaseException):
                raise answer
            for found, pause in zip(answer[::2], answer[1::2], strict=True):
                yield read_subscription(found, pause)

    async def tenants(self, platform: str) -> set[str]:
        return {
            member.decode().partition("/")[0]
            for base in self._database.shards.of_platform(platform)
            async for member, _ in self._database.scan(f"{base}:subscriptions", "*")
        }


class RedisReminders:
    """See `bot.delivery.stores.ReminderStore`; claims hand them over, settlements forget them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, reminder: Reminder) -> tuple[Reminder, bool]:
        await know_platform(self._database, reminder.channel.platform)
        base, member = self._database.shards.of(reminder.channel), keys.member(reminder.channel)
        key = f"{base}:reminders"
        walk = self._database.scan(key, f"{literal(member)}|*")
        known = [codec.reminders.load(stored) async for _, stored in walk]
        mine = [one for one in known if one.person == reminder.person]
        kept = reminder.joined(mine)
        field, json = f"{member}|{kept.key}", codec.reminders.dump(kept)
        new = bool(await self._database.run(REMIND, base, field, json))
        # Only now: a crash in between leaves two messages, not none.
        for one in mine:
            if one.overlaps(reminder) and one.key != kept.key:
                await self._database.call("HDEL", key, f"{member}|{one.key}")
        return kept, new

    async def all(self) -> list[Reminder]:
        platforms = await self._database.call("SMEMBERS", keys.PLATFORMS_KEY)
        bases = [
            base
            for platform in platforms
            for base in self._database.shards.of_platform(platform.decode())
        ]
        return [
            codec.reminders.load(one)
            for base in bases
            for one in await self._database.call("HVALS", f"{base}:reminders")
        ]


async def know_platform(database: Database, platform: str) -> None:
    """Remember that there are destinations on a platform."""
    await database.call("SADD", keys.PLATFORMS_KEY, platform)


def described(subject: Subject) -> tuple[str, int, str]:
    """Return what the queue's scripts need of a subject: key, class (0: most urgent), version."""
    known = subject.severity in _CLASSES
    return (
        subject.key,
        _CLASSES.index(subject.severity) if known else len(_CLASSES),
        subject.version,
    )


def literal(text: str) -> str:
    """Escape what a pattern of Redis would take for a wildcard."""
    return "".join(f"\\{letter}" if letter in "*?[]^\\" else letter for letter in text)
