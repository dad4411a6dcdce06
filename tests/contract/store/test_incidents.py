"""What the store promises of state, incidents and subscriptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.redis import keys
from adapters.redis.client import client_of, open_database
from adapters.redis.store import Store, open_store
from bot.domain.errors import SettingsError, StoreError, Superseded
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Pause, Subscription
from tests.contract.store.kit import HERE, fresh
from tests.delivery_kit import commit, incident, utc_now


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
