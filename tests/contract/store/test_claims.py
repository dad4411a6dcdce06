"""What the queue promises of claims, of settlements and of what a channel asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.redis import keys
from adapters.redis.store import Store, open_store
from bot.delivery.queue import Claim, Outcome, Settlement, ThreadUpdate, Unconfirmed
from bot.domain.incident import EventKind, Incident
from bot.domain.subscription import Channel, Pause, Reminder, Subscription, ThreadRecord
from tests.delivery_kit import channels, commit, incident, more, utc_now
from tests.servers.redis import standalone

LEASE = 20.0  # seconds: none ends by itself during a test
ROOT = ThreadRecord(root="7", joined=1, shown=1)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with standalone() as node:
        yield node.url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url, lease=LEASE) as opened:
        yield opened


async def stale(store: Store, platform: str) -> tuple[Channel, Incident]:
    """A channel of a platform of its own that is stale about an incident."""
    (channel,) = channels(1, platform)
    told = incident(EventKind.OPENED, provider=platform)
    await commit(store, told)
    await store.subscriptions.put(Subscription(channel), [told.key])
    return channel, told


async def claim_of(store: Store, platform: str) -> Claim:
    (claim,) = (await store.queue.claim(platform, 64)).claims
    return claim


async def due_at(store: Store, channel: Channel) -> float:
    """Return the ms at which a channel is looked at again."""
    later = f"{store.database.shards.of(channel)}:later"
    return float(await store.database.call("ZSCORE", later, keys.member(channel)))


async def told_root(store: Store, platform: str, told: Incident) -> None:
    """Settle what is claimed: the root stands there."""
    claim = await claim_of(store, platform)
    record = ThreadUpdate(claim.pending[0], ROOT, told.version, settled=True)
    assert await store.queue.settle(Settlement(claim, Outcome.DONE, [record]))


async def test_a_claim_that_nobody_settles_is_due_again_when_its_lease_ends(store: Store) -> None:
    await stale(store, "lease")
    await claim_of(store, "lease")
    waiting = await store.queue.claim("lease", 64)
    assert not waiting.claims
    assert waiting.next_due is not None
    assert 0 < waiting.next_due <= LEASE


async def test_holding_a_claim_begins_its_lease_anew_and_leaves_it_claimed(store: Store) -> None:
    channel, _ = await stale(store, "hold")
    claim = await claim_of(store, "hold")
    await store.database.call(  # as if most of it had passed
        "ZADD", f"{store.database.shards.of(channel)}:later", 1, keys.member(channel)
    )
    assert await store.queue.settle(Settlement(claim, Outcome.HOLD))
    assert await due_at(store, channel) > 1
    assert not (await store.queue.claim("hold", 64)).claims
    assert await store.queue.settle(Settlement(claim, Outcome.DONE))


async def test_what_was_uncertain_stays_so_since_the_first_time(store: Store) -> None:
    await stale(store, "doubt")
    claim = await claim_of(store, "doubt")
    unsure = Settlement(claim, Outcome.LATER, unconfirmed=Unconfirmed.SINCE_CLAIM)
    assert await store.queue.settle(unsure)
    second = await claim_of(store, "doubt")
    assert second.unconfirmed_since is not None
    assert await store.queue.settle(replace(unsure, claim=second))
    third = await claim_of(store, "doubt")
    assert third.unconfirmed_since == second.unconfirmed_since


async def test_another_server_may_have_lost_what_was_sent_since_the_last_claim(
    store: Store,
) -> None:
    """A fail-over: the last writes may be gone."""
    channel, _ = await stale(store, "other")
    claim = await claim_of(store, "other")
    assert claim.lost is None
    assert await store.queue.settle(Settlement(claim, Outcome.LATER))
    seen_at = utc_now().replace(microsecond=0) - timedelta(minutes=5)
    server = f"{store.database.shards.of(channel)}:server"
    await store.database.call(
        "HSET", server, "run_id", "another", "seen_at", f"{seen_at.timestamp() * 1000:.0f}"
    )
    again = await claim_of(store, "other")
    assert again.lost is not None
    lost_since, changed_at = again.lost
    assert lost_since == seen_at
    assert changed_at > seen_at
    # And another one soon after: not everything may have been searched for meanwhile.
    assert await store.queue.settle(Settlement(again, Outcome.LATER))
    await store.database.call("HSET", server, "run_id", "a third")
    third = await claim_of(store, "other")
    assert third.lost is not None
    assert third.lost[0] == seen_at


async def test_a_channel_that_was_put_off_and_is_served_by_now_is_not_handed_out_again(
    store: Store,
) -> None:
    channel, told = await stale(store, "deferred")
    await told_root(store, "deferred", told)
    await store.queue.mark_stale(channel, [told], delay=0.05)
    found: list[Claim] = []
    while not found:
        found = list((await store.queue.claim("deferred", 64)).claims)
    await store.stream.enqueue(more(told, EventKind.WORSE))
    assert not (await store.queue.claim("deferred", 64)).claims
    assert await store.queue.settle(Settlement(found[0], Outcome.DONE))
    await claim_of(store, "deferred")


async def test_a_reminder_that_is_gone_is_not_handed_over_with_the_rest(store: Store) -> None:
    channel, told = await stale(store, "reminded")
    reminder = Reminder(channel, "U1", ("api",), utc_now())
    await store.reminders.add(reminder)
    await store.queue.mark_stale(channel, [reminder])
    await store.database.call("DEL", f"{store.database.shards.of(channel)}:reminders")
    claim = await claim_of(store, "reminded")
    assert [one.subject for one in claim.pending] == [told.key]


async def test_a_thread_is_forgotten_in_the_end(store: Store) -> None:
    channel, told = await stale(store, "life")
    await told_root(store, "life", told)
    thread = f"{store.database.shards.of(channel)}:thread:{keys.member(channel)}:{told.key}"
    assert 0 < await store.database.call("PTTL", thread) <= keys.THREAD_DAYS * 86_400_000


async def test_who_asks_for_less_still_gets_the_end_of_what_was_begun(store: Store) -> None:
    channel, told = await stale(store, "begun")
    await told_root(store, "begun", told)
    await store.subscriptions.put(Subscription(channel, surfaces=frozenset({"code"})), [told.key])
    await told_root(store, "begun", told)
    await store.stream.enqueue(more(told, EventKind.RESOLVED))
    assert (await claim_of(store, "begun")).pending[0].revision == 2
    followed = f"{store.database.shards.of(channel)}:index:thread:{told.key}"
    assert await store.database.call("PTTL", followed) > 0, "nobody else would take it away"


async def test_subscribing_again_ends_a_pause_and_a_wait(store: Store) -> None:
    (channel,) = channels(1, "again")
    pause = Pause("is_archived", utc_now(), utc_now() + timedelta(days=1))
    told = incident(EventKind.OPENED, provider="again")
    await commit(store, told)
    await store.subscriptions.put(Subscription(channel, paused=pause), [told.key])
    assert not (await store.queue.claim("again", 64)).claims

    await store.subscriptions.put(Subscription(channel), [told.key])
    claim = await claim_of(store, "again")
    assert claim.subscription is not None
    assert claim.subscription.paused is None
    assert await store.queue.settle(Settlement(claim, Outcome.LATER, delay=3600))
    assert not (await store.queue.claim("again", 64)).claims
    await store.subscriptions.put(Subscription(channel))
    assert (await claim_of(store, "again")).channel == channel
