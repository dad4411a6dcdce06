"""What a killed process held, and how a channel catches up without subscribing again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.redis.store import Store, end_all_claims, open_store
from bot.domain.incident import EventKind
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
    await end_all_claims(store.database, ["claude"])
    (again,) = (await store.queue.claim(ROOM.platform, 512)).claims
    assert again.channel == claim.channel
    assert again.unconfirmed_since is not None


async def test_a_lease_of_the_dead_is_free(store: Store) -> None:
    first = await store.incident_store.acquire("claude", "the dead one")
    assert first is not None
    assert await store.incident_store.is_held("claude")
    assert await store.incident_store.acquire("claude", "the next one") is None
    await end_all_claims(store.database, ["claude"])
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
