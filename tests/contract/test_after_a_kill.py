"""What a killed process held, and how a channel catches up without subscribing again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.redis.identity import place_of
from adapters.redis.store import Store, Stores, end_claims, open_store, open_stores_of
from bot.delivery.queue import Outcome, Settlement
from bot.domain.incident import EventKind
from bot.settings import Settings
from tests.delivery_kit import channels, commit, incident, subscribe
from tests.servers.redis import standalone

(ROOM,) = channels(1)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    with standalone() as node:
        async with open_store(node.url) as opened:
            yield opened


async def test_a_claim_of_the_dead_is_handed_on_at_once_and_looked_at_first(store: Store) -> None:
    await subscribe(store, ROOM)
    told = incident(EventKind.OPENED)
    await commit(store, told)
    await store.stream.enqueue(told)
    (claim,) = (await store.queue.claim(ROOM.platform, 512)).claims
    assert claim.unconfirmed_since is None
    assert not (await store.queue.claim(ROOM.platform, 512)).claims
    await end_claims(store.database, ["claude"])
    (again,) = (await store.queue.claim(ROOM.platform, 512)).claims
    assert again.channel == claim.channel
    assert again.unconfirmed_since is not None


async def test_a_lease_of_the_dead_is_free(store: Store) -> None:
    first = await store.incident_store.acquire("claude", "the dead one")
    assert first is not None
    assert await store.incident_store.is_held("claude")
    assert await store.incident_store.acquire("claude", "the next one") is None
    await end_claims(store.database, ["claude"])
    assert not await store.incident_store.is_held("claude")
    second = await store.incident_store.acquire("claude", "the next one")
    assert second is not None
    assert second > first  # whatever the dead one still writes is refused


async def test_catching_up_queues_a_channel_and_leaves_its_subscription_as_it_is(
    store: Store,
) -> None:
    await subscribe(store, ROOM)
    told = incident(EventKind.OPENED)
    await commit(store, told)
    before = await store.subscriptions.get(ROOM)
    await store.subscriptions.catch_up(ROOM, [told.key, "claude/unknown"])
    (claim,) = (await store.queue.claim(ROOM.platform, 512)).claims
    assert [pending.subject for pending in claim.pending] == [told.key]
    assert await store.subscriptions.get(ROOM) == before


async def test_who_starts_in_the_place_of_the_dead_takes_over_at_once_and_from_nobody_else(
    tmp_path: Path,
) -> None:
    here, there = channels(2)
    with standalone() as node:

        def at(name: str) -> AbstractAsyncContextManager[Stores]:
            settings = Settings(redis_url=SecretStr(node.url), data_dir=tmp_path / name)
            return open_stores_of(settings, ["claude"], lambda: None)

        told = incident(EventKind.OPENED)
        async with at("other") as other:
            async with at("killed") as killed:
                store = killed.loops
                await subscribe(store, here)
                await commit(store, told)
                await store.incident_store.release("claude", "test")
                await store.stream.enqueue(told)
                (claim,) = (await store.queue.claim("chat", 512)).claims
                assert await store.incident_store.acquire("claude", store.holder)
                await subscribe(other.loops, there)
                await other.loops.queue.mark_stale(there, [told])
                (kept,) = (await other.loops.queue.claim("chat", 512)).claims
            async with at("killed") as again:
                store = again.loops
                assert store.holder == killed.loops.holder
                (taken,) = (await store.queue.claim("chat", 512)).claims
                assert (taken.channel, taken.token) != (claim.channel, claim.token)
                assert taken.channel == here
                assert taken.unconfirmed_since is not None
                assert await store.incident_store.acquire("claude", store.holder)
            assert await other.loops.queue.settle(Settlement(kept, Outcome.DONE))


async def test_two_processes_in_one_place_have_two_names(tmp_path: Path) -> None:
    with place_of(tmp_path) as first, place_of(tmp_path) as second:
        assert first
        assert second is None
    with place_of(tmp_path) as again:
        assert again == first
    (tmp_path / "place").write_text("another-machine-0a1b2c3d")
    with place_of(tmp_path) as copied:
        assert copied not in {None, first, "another-machine-0a1b2c3d"}
    (tmp_path / "file").touch()
    with place_of(tmp_path / "file" / "no-folder") as nowhere:
        assert nowhere is None
