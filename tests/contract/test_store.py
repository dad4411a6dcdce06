"""What the store promises, on one Redis and on a cluster of three."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio.cluster import RedisCluster

from adapters.redis import keys
from adapters.redis.client import client_of, open_database
from adapters.redis.scripts import CLAIM, COMMIT, FANOUT, SETTLE
from adapters.redis.store import Store, open_store
from bot.delivery.queue import Claim, Outcome, Settlement, ThreadUpdate, Unconfirmed
from bot.domain.errors import SettingsError, StoreError, Superseded
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.state import State
from bot.domain.subscription import Channel, Pause, Subscription, ThreadRecord
from bot.messenger import Bucket
from tests.delivery_kit import channels, commit, incident, left, more, utc_now
from tests.servers.redis import cluster, standalone

HERE = Channel("chat", "T1", "C1")


@pytest.fixture(scope="module", params=["one server", "cluster"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with contextlib.ExitStack() as running:
        if request.param == "cluster":
            nodes = running.enter_context(cluster(3))
            yield nodes[0].url.replace("redis://", "redis+cluster://").removesuffix("/0")
        else:
            yield running.enter_context(standalone()).url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url, lease=0.2) as opened:
        yield opened
        await opened.subscriptions.remove(HERE)


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


def fresh(name: str) -> State:
    return State(name, utc_now(), utc_now())


async def test_one_watcher_at_a_time_and_the_next_has_a_higher_fence(store: Store) -> None:
    first = await store.incident_store.acquire("lease", "a")
    assert first is not None
    assert await store.incident_store.acquire("lease", "b") is None
    assert await store.incident_store.acquire("lease", "a") == first
    await store.incident_store.release("lease", "a")
    second = await store.incident_store.acquire("lease", "b")
    assert second is not None
    assert second > first


async def test_a_commit_is_read_back_as_it_was(store: Store) -> None:
    told = incident(EventKind.OPENED, EventKind.WORSE, provider="back")
    await commit(store, told)
    stored = await store.incident_store.load("back")
    assert stored.version == 1
    assert stored.state is not None
    assert stored.state.incidents["x1"] == told
    assert await store.incident_store.incident("back/x1") == told
    assert await store.incident_store.incident("back/none") is None


async def test_who_lost_the_lease_or_the_race_writes_nothing(store: Store) -> None:
    fence = await store.incident_store.acquire("fenced", "a")
    assert fence is not None
    told = [incident(EventKind.OPENED, provider="fenced")]
    state = fresh("fenced")
    with pytest.raises(Superseded):
        await store.incident_store.commit(
            "fenced", fence=fence - 1, version=0, state=state, changed=told
        )
    with pytest.raises(Superseded):
        await store.incident_store.commit(
            "fenced", fence=fence, version=3, state=state, changed=told
        )
    assert (await store.incident_store.load("fenced")).state is None
    assert await store.incident_store.incident("fenced/x1") is None


async def test_a_poll_without_a_change_writes_its_times_and_nothing_more(store: Store) -> None:
    """A day of such polls was 380 MB of append-only file, most of it the same state."""
    told = incident(EventKind.OPENED, provider="idle")
    await commit(store, told)
    stored = await store.incident_store.load("idle")
    assert stored.state is not None
    fence = await store.incident_store.acquire("idle", "test")
    assert fence is not None
    field = f"{keys.provider('idle')}:state"
    state = stored.state
    for poll in range(1, 4):
        # Spoiled on purpose: whoever wrote it again would repair it.
        await store.database.call("HSET", field, "state", "spoiled")
        at = state.observed_at + timedelta(seconds=30)
        state = replace(state, observed_at=at, history_at=at, page_updated_at=at, history_for=at)
        await store.incident_store.commit(
            "idle", fence=fence, version=stored.version + poll - 1, state=state, changed=[]
        )
    assert await store.database.call("HGET", field, "state") == b"spoiled"

    state = replace(state, debounced=1)
    await store.incident_store.commit(
        "idle", fence=fence, version=stored.version + 3, state=state, changed=[]
    )
    assert (await store.incident_store.load("idle")).state == state


async def test_another_process_writes_the_state_whole(store: Store, url: str) -> None:
    await commit(store, incident(EventKind.OPENED, provider="twice"))
    stored = await store.incident_store.load("twice")
    assert stored.state is not None
    async with open_store(url) as other:
        fence = await other.incident_store.acquire("twice", "test")
        assert fence is not None
        later = replace(stored.state, observed_at=utc_now())
        await store.database.call("HDEL", f"{keys.provider('twice')}:state", "state")
        await other.incident_store.commit(
            "twice", fence=fence, version=stored.version, state=later, changed=[]
        )
    assert (await store.incident_store.load("twice")).state == later


async def test_history_has_what_was_open_at_its_start_or_later(store: Store) -> None:
    now = utc_now()
    old = incident(EventKind.OVER, provider="past", id_="old", at=now - timedelta(days=9))
    late = incident(EventKind.OVER, provider="past", id_="late", at=now - timedelta(days=1))
    running = incident(EventKind.OPENED, provider="past", id_="open", at=now - timedelta(days=20))
    await commit(store, old, late, running)
    found = await store.incident_store.history("past", now - timedelta(days=3))
    assert [one.id for one in found] == ["open", "late"]


async def test_a_subscription_is_read_back_and_removed(store: Store) -> None:
    pause = Pause("not_in_channel", utc_now(), utc_now() + timedelta(hours=1))
    wanted = Subscription(HERE, Severity.MAJOR, frozenset({"api"}), paused=pause)
    await store.subscriptions.put(wanted)
    found = await store.subscriptions.get(HERE)
    assert found is not None
    assert found.changed_at is not None
    assert (found.surfaces, found.severity, found.paused) == (
        wanted.surfaces,
        Severity.MAJOR,
        pause,
    )
    everyone = [one.channel async for one in store.subscriptions.of_tenant("chat", "T1")]
    assert everyone == [HERE]
    assert [one async for one in store.subscriptions.of_tenant("chat", "T")] == []
    assert await store.subscriptions.remove(HERE)
    assert not await store.subscriptions.remove(HERE)
    assert await store.subscriptions.get(HERE) is None


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
    again = await _claim_again(store)
    assert again.unconfirmed_since is not None
    assert not await store.queue.settle(Settlement(claim, Outcome.DONE))
    assert await store.queue.settle(
        Settlement(again, Outcome.LATER, unconfirmed=Unconfirmed.CLEARED, failures=3)
    )
    third = await _claim_again(store)
    assert (third.unconfirmed_since, third.failures) == (None, 3)


async def test_of_claims_that_note_their_sends_only_those_that_did_are_unconfirmed(
    store: Store,
) -> None:
    """After a crash an app whose reading is rationed searches one channel a minute."""
    told = incident(EventKind.OPENED, provider="notes")
    await commit(store, told)
    await store.subscriptions.put(Subscription(HERE), ["notes/x1"])
    (claim,) = (await store.queue.claim("chat", 64, notes_sends=True)).claims
    again = await _claim_again(store)
    assert again.unconfirmed_since is None, "nothing was sent under the first"
    assert not await store.queue.sending(claim)
    await store.queue.settle(Settlement(again, Outcome.LATER))
    (claim,) = (await store.queue.claim("chat", 64, notes_sends=True)).claims
    assert await store.queue.sending(claim)
    assert (await _claim_again(store)).unconfirmed_since is not None


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


async def test_news_are_handed_to_one_reader_until_acknowledged(store: Store) -> None:
    await commit(store, incident(EventKind.OPENED, provider="feed"))
    (entry,) = await store.stream.read("feed")
    assert entry.incident == "feed/x1"
    assert await store.stream.read("feed") == []
    await store.stream.acknowledge("feed", [entry])
    assert await store.stream.read("feed", abandoned=True) == []


async def test_data_of_a_newer_version_are_refused(url: str) -> None:
    database = await open_database(url)
    try:
        await database.call("SET", keys.SCHEMA_KEY, keys.SCHEMA + 1)
        with pytest.raises(StoreError, match="newer"):
            await database.prepare()
    finally:
        await database.call("SET", keys.SCHEMA_KEY, keys.SCHEMA)
        await database.close()


@pytest.mark.parametrize("bad", ["http://x", "redis+sentinel://h:1", "redis+cluster://", "x"])
def test_an_address_of_no_known_form_says_so(bad: str) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL"):
        client_of(bad)


async def _claim_again(store: Store) -> Claim:
    """Claim once the lease of the last claim has ended."""
    while True:
        found = await store.queue.claim("chat", 64)
        if found.claims:
            return found.claims[0]
