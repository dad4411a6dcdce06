"""What the queue in the store promises: claims, settlements, order, limits."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from redis.asyncio.cluster import RedisCluster

from adapters.redis.scripts import CLAIM, COMMIT, FANOUT, SETTLE
from adapters.redis.store import Store, open_store
from bot.delivery.queue import Outcome, Settlement, ThreadUpdate, Unconfirmed
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Pause, Subscription, ThreadRecord
from bot.messenger import Bucket
from tests.contract.store.kit import HERE, claim_again
from tests.delivery_kit import channels, commit, incident, left, more, utc_now


async def test_news_reach_exactly_the_channels_that_may_want_them(store: Store) -> None:
    api, other, calm, all_of_it = channels(4, "wants")
    put = store.subscriptions.put
    await put(Subscription(api, surfaces=frozenset({"api"})))
    await put(Subscription(other, surfaces=frozenset({"code"})))
    await put(Subscription(calm, Severity.MAJOR, frozenset({"api"})))
    await put(Subscription(all_of_it))
    told = incident(EventKind.OPENED, provider="wants", severity=Severity.PARTIAL)
    assert await store.stream.enqueue(told) == 2
    claims = await store.queue.claim("wants", 64)
    assert {claim.channel for claim in claims.claims} == {api, all_of_it}
    for channel in (api, other, calm, all_of_it):
        await store.subscriptions.remove(channel)


async def test_a_changed_subscription_is_told_of_the_new_and_not_of_the_old(store: Store) -> None:
    await store.subscriptions.put(Subscription(HERE, surfaces=frozenset({"code"})))
    await store.subscriptions.put(Subscription(HERE, surfaces=frozenset({"api"})))
    assert await store.stream.enqueue(incident(EventKind.OPENED, provider="new")) == 1
    await store.subscriptions.put(Subscription(HERE, surfaces=frozenset({"code"})))
    assert await store.stream.enqueue(incident(EventKind.OPENED, provider="new", id_="x2")) == 0


async def test_a_claim_is_held_alone_and_comes_back_in_doubt(store: Store) -> None:
    told = incident(EventKind.OPENED, provider="claims")
    await commit(store, told)
    await store.subscriptions.put(Subscription(HERE), ["claims/x1"])
    (claim,) = (await store.queue.claim("chat", 64)).claims
    assert claim.unconfirmed_since is None
    assert not (await store.queue.claim("chat", 64)).claims
    again = await claim_again(store)
    assert again.unconfirmed_since is not None
    assert not await store.queue.settle(Settlement(claim, Outcome.DONE))
    assert await store.queue.settle(
        Settlement(again, Outcome.LATER, unconfirmed=Unconfirmed.CLEARED, failures=3)
    )
    third = await claim_again(store)
    assert (third.unconfirmed_since, third.failures) == (None, 3)


async def test_what_nobody_settled_stays_unconfirmed_since_the_first_claim(store: Store) -> None:
    told = incident(EventKind.OPENED, provider="since")
    await commit(store, told)
    await store.subscriptions.put(Subscription(HERE), ["since/x1"])
    await store.queue.claim("chat", 64)
    second = await claim_again(store)
    third = await claim_again(store)
    assert third.unconfirmed_since == second.unconfirmed_since is not None


async def test_of_claims_that_note_their_sends_only_those_that_did_are_unconfirmed(
    store: Store,
) -> None:
    """After a crash an app whose reading is rationed searches one channel a minute."""
    told = incident(EventKind.OPENED, provider="notes")
    await commit(store, told)
    await store.subscriptions.put(Subscription(HERE), ["notes/x1"])
    (claim,) = (await store.queue.claim("chat", 64, notes_sends=True)).claims
    again = await claim_again(store)
    assert again.unconfirmed_since is None, "nothing was sent under the first"
    assert not await store.queue.sending(claim)
    await store.queue.settle(Settlement(again, Outcome.LATER))
    (claim,) = (await store.queue.claim("chat", 64, notes_sends=True)).claims
    assert await store.queue.sending(claim)
    assert (await claim_again(store)).unconfirmed_since is not None


async def test_what_is_settled_is_done_until_there_is_more(store: Store) -> None:
    told = incident(EventKind.OPENED, provider="done")
    await commit(store, told)
    await store.subscriptions.put(Subscription(HERE), ["done/x1"])
    (claim,) = (await store.queue.claim("chat", 64)).claims
    thread = ThreadRecord(root="7", joined=1, shown=1)
    record = ThreadUpdate(claim.pending[0], thread, told.version, settled=True)
    assert await store.queue.settle(Settlement(claim, Outcome.DONE, [record]))
    assert await left(store) == 0
    assert await store.queue.thread(HERE, "done/x1") == thread
    assert await store.stream.enqueue(told) == 0
    assert await store.stream.enqueue(more(told, EventKind.UPDATE)) == 1
    (claim,) = (await store.queue.claim("chat", 64)).claims
    assert claim.pending[0].thread == thread


async def test_news_that_come_meanwhile_are_not_settled_away(store: Store) -> None:
    told = incident(EventKind.OPENED, provider="meanwhile")
    await store.subscriptions.put(Subscription(HERE))
    await store.stream.enqueue(told)
    (claim,) = (await store.queue.claim("chat", 64)).claims
    await store.stream.enqueue(more(told, EventKind.WORSE))
    record = ThreadUpdate(
        claim.pending[0], ThreadRecord(root="7", joined=1, shown=1), told.version, settled=True
    )
    assert await store.queue.settle(Settlement(claim, Outcome.DONE, [record]))
    (claim,) = (await store.queue.claim("chat", 64)).claims
    assert claim.pending[0].revision == 2


async def test_major_before_minor_and_openings_before_updates(store: Store) -> None:
    """Within a shard; shards are served side by side."""
    await store.subscriptions.put(Subscription(HERE))
    for name, severity in [("minor", Severity.DEGRADED), ("major", Severity.MAJOR)]:
        await store.stream.enqueue(incident(EventKind.OPENED, provider=name, severity=severity))
    (claim,) = (await store.queue.claim("chat", 64)).claims
    assert [one.subject for one in claim.pending] == ["major/x1", "minor/x1"]


async def test_a_paused_channel_waits_until_it_is_woken(store: Store) -> None:
    pause = Pause("is_archived", utc_now(), None)
    await store.subscriptions.put(Subscription(HERE, paused=pause))
    await store.stream.enqueue(incident(EventKind.OPENED, provider="paused"))
    assert not (await store.queue.claim("chat", 64)).claims
    await store.queue.wake(HERE)
    (claim,) = (await store.queue.claim("chat", 64)).claims
    assert claim.subscription is not None
    assert claim.subscription.paused is not None


async def test_a_silenced_tenant_waits_until_it_is_woken(store: Store) -> None:
    await store.subscriptions.put(Subscription(HERE))
    await store.queue.silence("chat", "T1", "token_revoked")
    await store.stream.enqueue(incident(EventKind.OPENED, provider="silent"))
    assert not (await store.queue.claim("chat", 64)).claims
    await store.queue.wake_tenant("chat", "T1")
    assert len((await store.queue.claim("chat", 64)).claims) == 1


async def test_a_limit_grants_what_it_allows_and_names_a_time_to_the_rest(store: Store) -> None:
    bucket = Bucket("chat/T1", rate=0.1, burst=3)
    grants = [await store.rate_limiter.acquire([bucket]) for _ in range(5)]
    times = [grant.at for grant in grants if grant.at is not None]
    assert len(times) == 2
    assert times[1] - times[0] == pytest.approx(10_000)
    await store.rate_limiter.refused(bucket, 3000)
    held = await store.rate_limiter.acquire([bucket], granted=True)
    assert held.at is not None
    after = await store.rate_limiter.acquire([bucket])
    assert after.at is not None
    assert after.at - held.at >= 9_999, "nobody shares the moment that was granted"


async def test_those_who_ask_at_the_same_time_get_a_moment_each(store: Store) -> None:
    bucket = Bucket("chat/T3", rate=0.1, burst=1)
    asked = [store.rate_limiter.acquire([bucket]) for _ in range(4)]
    times = [grant.at for grant in await asyncio.gather(*asked)]
    assert times[0] is None
    later = [at for at in times if at is not None]
    assert [round(b - a) for a, b in pairwise(later)] == [10_000, 10_000]


async def test_a_shorter_refusal_ends_no_longer_one(store: Store) -> None:
    bucket = Bucket("chat/T2", rate=1000.0, burst=1)
    await store.rate_limiter.refused(bucket, 3600)
    await store.rate_limiter.refused(bucket, 0.001)
    await asyncio.sleep(0.01)
    held = await store.rate_limiter.acquire([bucket], granted=True)
    assert held.at is not None


async def test_what_is_urgent_goes_before_the_patient_who_asked_first(store: Store) -> None:
    bucket, ask = Bucket("chat/urgent", rate=0.1, burst=3), store.rate_limiter.acquire
    patient = await asyncio.gather(*(ask([bucket], patient=True) for _ in range(100)))
    again = sorted(one.ask_again_in for one in patient if one.ask_again_in)
    assert all(one.at is None for one in patient)
    assert len(again) == 97, "three may go at once, and none of the others within two seconds"
    assert again[-1] - again[0] == pytest.approx(960, abs=60)

    urgent = await asyncio.gather(*(ask([bucket]) for _ in range(50)))
    seconds, _ = await store.database.call("TIME")
    times = sorted(one.at / 1000 - seconds for one in urgent if one.at is not None)
    assert times[0] < 100, "before the patient, of whom the last goes after a thousand seconds"
    assert times[-1] - times[0] == pytest.approx((len(times) - 1) * 10)
    late = await ask([bucket], patient=True)
    assert late.ask_again_in > 500


async def test_the_first_incident_does_not_wait_until_scripts_are_compiled(url: str) -> None:
    async with open_store(url) as store:
        everywhere = {"target_nodes": RedisCluster.PRIMARIES} if "cluster" in url else {}
        ask = store.database._client.execute_command
        await ask("SCRIPT FLUSH", **everywhere)
        await store.database.prepare()  # as at every start
        for script in (COMMIT, FANOUT, CLAIM, SETTLE):
            found = await ask("SCRIPT EXISTS", script.sha, **everywhere)
            known = found.values() if isinstance(found, dict) else [found]
            assert all(list(one) == [1] for one in known), script.name
