"""Who wants what, in Redis: see `bot.ports.Subscriptions` for what it promises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.redis import codec, keys
from adapters.redis.database import Argument, Database
from adapters.redis.scripts import BEHIND, SUBSCRIBE, UNSUBSCRIBE
from bot.delivery.queue import version_of
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Pause, Subscription
from bot.ports import IncidentStore

_CLASSES = (Severity.MAJOR, Severity.PARTIAL, Severity.DEGRADED, Severity.MAINTENANCE)
NEVER = 9_000_000_000_000_000  # ms, beyond any date: only when the platform says so
BATCH = 1_000
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
        self._platforms: set[str] = set()

    async def get(self, channel: Channel) -> Subscription | None:
        base, member = keys.shard_of(channel), keys.member(channel)
        found = await self._database.call("HGET", f"{base}:subscriptions", member)
        if found is None:
            return None
        pause = await self._database.call("HGET", f"{base}:paused", member)
        return read_subscription(found, pause or b"")

    async def put(self, subscription: Subscription, behind: Sequence[str] = ()) -> None:
        channel = subscription.channel
        await self._know(channel.platform)
        arguments: list[Argument] = [
            keys.member(channel),
            codec.subscriptions.dump(replace(subscription, paused=None, changed_at=None)),
            ",".join(keys.wanted_sets(subscription)),
            write_pause(subscription.paused) if subscription.paused else "",
            LIFE,
        ]
        arguments += await self._marked(behind)
        await self._database.run(SUBSCRIBE, keys.shard_of(channel), *arguments)
        self._queued()

    async def catch_up(self, channel: Channel, behind: Sequence[str]) -> None:
        """Queue the channel for incidents (keys) that it may never have heard of.

        Its subscription stays as it is, with the time from which it holds.
        """
        marked = await self._marked(behind)
        if marked:
            await self._database.run(BEHIND, keys.shard_of(channel), keys.member(channel), *marked)
            self._queued()

    async def _marked(self, behind: Sequence[str]) -> list[Argument]:
        found = [await self._incident_store.incident(key) for key in behind]
        return [
            argument
            for incident in found
            if incident is not None
            for argument in (incident.key, priority(incident), version_of(incident))
        ]

    async def remove(self, channel: Channel) -> bool:
        base, member = keys.shard_of(channel), keys.member(channel)
        return bool(await self._database.run(UNSUBSCRIBE, base, member))

    async def of_tenant(self, platform: str, tenant: str) -> AsyncIterator[Subscription]:
        """Walk over all subscriptions of the platform: a person asks for this now and then."""
        for base in keys.shards(platform):
            async for member, found in self._scan(base, f"{_literal(tenant)}/*"):
                pause = await self._database.call("HGET", f"{base}:paused", member)
                yield read_subscription(found, pause or b"")

    async def _scan(self, base: str, pattern: str) -> AsyncIterator[tuple[bytes, bytes]]:
        cursor: Any = b"0"
        seen = set()  # a walk may show the same twice
        while True:
            cursor, page = await self._database.call(
                "HSCAN", f"{base}:subscriptions", cursor, "MATCH", pattern, "COUNT", BATCH
            )
            for member, found in page.items():
                if member not in seen:
                    seen.add(member)
                    yield member, found
            if int(cursor) == 0:
                return

    async def _know(self, platform: str) -> None:
        if platform not in self._platforms:
            await self._database.call("SADD", keys.PLATFORMS_KEY, platform)
            self._platforms.add(platform)


def priority(incident: Incident) -> int:
    """Return the queue's class for opening a thread: 0 (a major outage) to 4."""
    if incident.severity in _CLASSES:
        return _CLASSES.index(incident.severity)
    return len(_CLASSES)


def read_subscription(stored: bytes, pause: bytes) -> Subscription:
    """Read what the scripts keep: when written, index sets, JSON."""
    written, _, rest = stored.partition(b"|")
    subscription = codec.subscriptions.load(rest.partition(b"|")[2])
    changed_at = datetime.fromtimestamp(int(written) / 1000, UTC)
    paused = codec.pauses.load(pause.partition(b"|")[2]) if pause else None
    return replace(subscription, changed_at=changed_at, paused=paused)


def write_pause(pause: Pause) -> bytes:
    due = int(pause.next_try.timestamp() * 1000) if pause.next_try else NEVER
    return b"%d|%s" % (due, codec.pauses.dump(pause))


def _literal(text: str) -> str:
    """Escape what a pattern of Redis would take for a wildcard."""
    return "".join(f"\\{letter}" if letter in "*?[]^\\" else letter for letter in text)
