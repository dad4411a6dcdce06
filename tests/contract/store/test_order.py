"""In which order channels are served, and that none is left out."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.redis import keys
from adapters.redis.store import Store, open_store
from adapters.redis.stream import KEEP_BELOW
from bot.delivery.queue import Claim, Outcome, Settlement, ThreadUpdate
from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from tests.delivery_kit import channels, incident, more
from tests.servers.redis import standalone

ROOT = ThreadRecord(root="7", joined=1, shown=1)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with standalone() as node:
        yield node.url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url, lease=20.0) as opened:
        yield opened


async def neighbours(store: Store, platform: str, count: int) -> list[Channel]:
    """Return subscribed channels of one shard; shards are served side by side."""
    numbered = (Channel(platform, "T1", f"C{number:05}") for number in itertools.count())
    first = next(numbered)
    same = (
        one for one in numbered if store.database.shards.of(one) == store.database.shards.of(first)
    )
    found = [first, *itertools.islice(same, count - 1)]
    for one in found:
        await store.subscriptions.put(Subscription(one))
    return found


def outage(name: str, severity: Severity = Severity.MAJOR) -> Incident:
    return incident(EventKind.OPENED, provider=name, severity=severity)


async def claim_next(store: Store, platform: str) -> Claim:
    (claim,) = (await store.queue.claim(platform, 1)).claims
    return claim


async def root_stands(store: Store, channel: Channel, told: Incident) -> None:
    await store.queue.mark_stale(channel, [told])
    claim = await claim_next(store, channel.platform)
    record = ThreadUpdate(claim.pending[0], ROOT, told.version, settled=True)
    assert await store.queue.settle(Settlement(claim, Outcome.DONE, [record]))


async def test_of_two_channels_the_one_with_the_worse_news_is_claimed_first(store: Store) -> None:
    first, second = await neighbours(store, "worse", 2)
    await store.queue.mark_stale(first, [outage("minor", Severity.DEGRADED)])
    await store.queue.mark_stale(second, [outage("major")])
    found = await store.queue.claim("worse", 1)
    assert [claim.channel for claim in found.claims] == [second]
    assert found.more


async def test_an_opening_goes_before_an_update_of_something_worse(store: Store) -> None:
    first, second = await neighbours(store, "opens", 2)
    told = outage("known")
    await root_stands(store, first, told)
    await store.queue.mark_stale(first, [more(told, EventKind.UPDATE)])
    await store.queue.mark_stale(second, [outage("new", Severity.DEGRADED)])
    assert (await claim_next(store, "opens")).channel == second


async def test_who_waits_keeps_the_place_in_the_line_when_more_happens(store: Store) -> None:
    first, second = await neighbours(store, "waits", 2)
    told = outage("first")
    await store.queue.mark_stale(first, [told])
    await store.queue.mark_stale(second, [outage("second")])
    await asyncio.sleep(0.005)  # another millisecond
    await store.stream.enqueue(more(told, EventKind.UPDATE))
    claim = await claim_next(store, "waits")
    assert claim.channel == first
    (pending,) = [one for one in claim.pending if one.subject == told.key]
    assert (pending.first, pending.revision) == (1, 2), "whoever served it knew at least the first"
    assert await store.queue.settle(Settlement(claim, Outcome.LATER))
    assert (await claim_next(store, "waits")).channel == first, "also when it is tried again"


async def test_an_incident_reaches_every_channel_of_a_long_list(store: Store) -> None:
    """Longer than what Redis reads in one step."""
    everyone = await neighbours(store, "many", 300)
    await store.stream.enqueue(outage("wide"))
    reached: set[Channel] = set()
    while claims := (await store.queue.claim("many", 512)).claims:
        reached |= {claim.channel for claim in claims}
    assert reached == set(everyone)


async def test_what_still_goes_on_is_not_forgotten_however_long_it_takes(store: Store) -> None:
    (channel,) = await neighbours(store, "long", 1)
    told = outage("lasting")
    await root_stands(store, channel, told)
    thread = f"{store.database.shards.of(channel)}:thread:{keys.member(channel)}:{told.key}"
    await store.database.call("PEXPIRE", thread, KEEP_BELOW - 1)
    await store.stream.enqueue(told)
    assert await store.database.call("PTTL", thread) < KEEP_BELOW
    await store.stream.enqueue(told, keep=True)
    assert await store.database.call("PTTL", thread) > KEEP_BELOW


async def test_a_workspace_that_is_back_wakes_no_other_whose_name_begins_alike(
    store: Store,
) -> None:
    here, there = *channels(1, "alike", "T1"), *channels(1, "alike", "T10")
    told = outage("alike")
    for channel in (here, there):
        await store.subscriptions.put(Subscription(channel))
        await store.queue.mark_stale(channel, [told])
    for claim in (await store.queue.claim("alike", 64)).claims:
        await store.queue.settle(Settlement(claim, Outcome.LATER, delay=3600))
    await store.queue.wake_tenant("alike", "T1")
    assert [one.channel for one in (await store.queue.claim("alike", 64)).claims] == [here]
