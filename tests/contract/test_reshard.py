"""Another number of shards: everything is there once afterwards, wherever the move was interrupted.

On one Redis and on a cluster of three.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters.redis import keys
from adapters.redis.client import open_database
from adapters.redis.codec import pairs
from adapters.redis.database import Database
from adapters.redis.keys import Shards
from adapters.redis.reshard import COUNTED, reshard
from adapters.redis.store import Store, open_store
from bot.delivery.queue import Outcome, Settlement, ThreadUpdate
from bot.domain.errors import Resharded, StoreError
from bot.domain.incident import EventKind
from bot.domain.subscription import Channel, Pause, Reminder, Subscription, ThreadRecord
from tests.delivery_kit import channels, commit, incident, utc_now
from tests.servers.redis import KINDS, one_or_cluster

EVERYWHERE = [*channels(40, "slack"), *channels(20, "discord", "G7"), *channels(3, "slack", "T2")]
OPEN, NEXT = incident(EventKind.OPENED), incident(EventKind.OPENED, id_="x2")


class Killed(BaseException):
    """What ends a process at a failpoint."""


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with one_or_cluster(request.param) as running:
        yield running


@pytest.fixture
async def filled(url: str) -> AsyncIterator[str]:
    async with open_store(url) as store:
        await fill(store)
    yield url
    database = await open_database(url, resharding=True)
    async for key in database.keys_like("*"):
        await database.call("DEL", key)
    await database.close()


def is_told(channel: Channel) -> bool:
    """The others cannot be written to."""
    return EVERYWHERE.index(channel) % 7 != 6


async def fill(store: Store) -> None:
    """Whatever is ever stored in a shard: told, claimed, waiting, paused, silenced."""
    for told in (OPEN, NEXT):
        await commit(store, told)
    await store.incident_store.release("claude", "test")
    for number, channel in enumerate(EVERYWHERE):
        pause = None if is_told(channel) else Pause("is_archived", utc_now(), None)
        await store.subscriptions.put(Subscription(channel, paused=pause))
        person = Channel(channel.platform, channel.tenant, f"D{number}")
        await store.reminders.add(Reminder(person, f"U{number}", ("api",), utc_now()))
    await store.stream.enqueue(OPEN)
    for platform in ("slack", "discord"):
        for claim in (await store.queue.claim(platform, 512)).claims:
            update = ThreadUpdate(claim.pending[0], ThreadRecord(root="1.2"), OPEN.version, True)
            await store.queue.settle(Settlement(claim, Outcome.DONE, [update], failures=2))
    for channel in EVERYWHERE[:10]:  # what was told there is followed to its end
        await store.subscriptions.put(
            Subscription(channel, surfaces=frozenset({"code"})), [OPEN.key]
        )
    await store.stream.enqueue(NEXT)
    await store.queue.claim("slack", 8)
    await store.queue.silence("slack", "T2", "token_revoked")
    base = store.database.shards.of(EVERYWHERE[0])
    await store.database.call("ZADD", f"{base}:appointments", 5, keys.member(EVERYWHERE[0]))


async def dump(database: Database, shards: Shards) -> dict[tuple[str, ...], Any]:
    """What is stored by platform, key and channel, whatever shard it is in; it is in one alone."""
    found: dict[tuple[str, ...], Any] = {}
    ends: dict[tuple[str, ...], int] = {}
    for platform in ("slack", "discord"):
        for base in shards.of_platform(platform):
            async for key in database.keys_like(f"{base}:*"):
                name = key.decode().removeprefix(f"{base}:")
                if name in {"sealed", "server"}:
                    continue
                for member, value in await elements(database, key):
                    place = (platform, name, member)
                    assert place not in found or name == "tenants", place
                    found[place] = value
                ends[platform, name] = int(await database.call("PEXPIRETIME", key)) // 3_600_000
    return found | {(*place, "hour of its end"): hour for place, hour in ends.items()}


async def elements(database: Database, key: bytes) -> list[tuple[str, Any]]:
    match (await database.call("TYPE", key)).decode():
        case "string":
            return [("", await database.call("GET", key))]
        case "set":
            return [(member.decode(), None) for member in await database.call("SMEMBERS", key)]
        case "zset":
            flat = pairs(await database.call("ZRANGE", key, 0, -1, "WITHSCORES"))
        case _:
            flat = pairs(await database.call("HGETALL", key))
    return [(member.decode(), value) for member, value in flat]


async def test_a_move_that_is_killed_again_and_again_ends_with_everything_there_once(
    filled: str,
) -> None:
    before_move = await open_database(filled)
    before = await dump(before_move, Shards(8))
    kept = {name.split(":")[0] for _, name, *_ in before}
    assert kept >= {"index", "entry", "thread", "tenants", *COUNTED}, "one of all there is"
    kills, limit, phases = 0, 5, set()
    while True:
        left = limit

        async def dies(_: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        database = await open_database(filled, resharding=True)
        database._failpoint = dies
        try:
            await reshard(database, 12)
            break
        except Killed:
            kills += 1
            database._failpoint = None
            stored = await database.stored_shards()
            limit = limit + 31 if stored.endswith("copying") or stored == "8" else limit + 3
            phases.add(stored)
            if not stored.isdigit():
                with pytest.raises(StoreError, match="isclaudedown reshard 12"):
                    await open_database(filled)
        finally:
            await database.close()

    assert kills > 10
    assert phases >= {"12<8 copying", "12<8 erasing"}
    assert await dump(before_move, Shards(8)) == {}
    assert await dump(before_move, Shards(12)) == before
    await before_move.close()


async def test_after_a_move_every_channel_is_served_once_more_and_knows_its_threads(
    filled: str,
) -> None:
    database = await open_database(filled)
    await reshard(database, 3)
    await database.close()
    async with open_store(filled) as store:
        assert store.database.shards.count == 3
        for channel in EVERYWHERE:
            assert await store.subscriptions.get(channel)
            thread = await store.queue.thread(channel, OPEN.key)
            assert (thread.root if thread else None) == ("1.2" if is_told(channel) else None)
        kept = {reminder.channel.tenant for reminder in await store.reminders.all()}
        assert kept == {"T1", "G7"}, "a silenced tenant's are forgotten"
        assert await store.queue.silenced("slack") == {"T2": "token_revoked"}
        waiting = set()
        for _ in range(3):
            claims = (await store.queue.claim("discord", 512)).claims
            assert all(claim.lost is None for claim in claims), "no Redis was lost"
            waiting |= {claim.channel for claim in claims}
        assert waiting == {one for one in EVERYWHERE if one.platform == "discord" and is_told(one)}


async def test_a_process_that_missed_the_move_writes_nothing_and_ends(filled: str) -> None:
    async with open_store(filled) as late:
        await late.marker.check(utc_now())
        (claim, *_) = (await late.queue.claim("discord", 64)).claims
        database = await open_database(filled)
        await reshard(database, 16)
        after = await dump(database, Shards(16))
        with pytest.raises(StoreError, match="SEALED"):
            await late.subscriptions.put(Subscription(EVERYWHERE[0]))
        with pytest.raises(StoreError, match="SEALED"):
            await late.queue.settle(Settlement(claim, Outcome.DONE))
        with pytest.raises(StoreError, match="SEALED"):
            await late.queue.claim("slack", 8)
        with pytest.raises(StoreError, match="SEALED"):
            await late.queue.silence("slack", "T1", "token_revoked")
        with pytest.raises(StoreError, match="SEALED"):
            await late.reminders.add(Reminder(EVERYWHERE[0], "U1", ("api",), utc_now()))
        with pytest.raises(Resharded, match="start it again"):
            await late.marker.check(utc_now())
        assert await dump(database, Shards(16)) == after
        assert await dump(database, Shards(8)) == {}
        await database.close()


async def test_there_and_back_again_is_as_it_was(filled: str) -> None:
    database = await open_database(filled)
    before = await dump(database, Shards(8))
    await reshard(database, 16)
    assert await reshard(database, 16) == {}
    await reshard(database, 8)
    assert await dump(database, Shards(8)) == before
    await database.close()
    async with open_store(filled) as store:
        assert await store.subscriptions.remove(EVERYWHERE[0])


async def test_nothing_is_moved_while_somebody_watches_or_another_move_is_unfinished(
    filled: str,
) -> None:
    async with open_store(filled) as store:
        assert await store.incident_store.acquire("bedrock/eu-west-1", "a")
        with pytest.raises(StoreError, match="a program watches bedrock/eu-west-1"):
            await reshard(store.database, 16)
        await store.incident_store.release("bedrock/eu-west-1", "a")
        await store.database.call("SET", keys.SHARDS_KEY, "12<8 copying")
        with pytest.raises(StoreError, match="run `isclaudedown reshard 12` first"):
            await reshard(store.database, 16)


async def test_who_starts_after_all_was_lost_takes_the_number_of_those_that_run(url: str) -> None:
    async with open_store(url) as store:
        await reshard(store.database, 4)
        async with open_store(url) as running:
            await running.marker.check(utc_now())
            async for key in store.database.keys_like("*"):
                await store.database.call("DEL", key)
            assert not await running.marker.check(utc_now())
            async with open_store(url) as fresh:
                assert fresh.database.shards == running.database.shards == Shards(4)
        async for key in store.database.keys_like("*"):
            await store.database.call("DEL", key)
