"""What is witnessed besides the pages, on a real Redis, and what its stores promise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.redis.client import open_database
from adapters.redis.database import Database
from adapters.redis.evidence import RedisCrowd, RedisProbes, RedisReports, RedisTraffic
from bot.catalog.catalog_file import load_catalog
from bot.catalog.targets import Target, TargetKind
from bot.domain.evidence import Source
from bot.domain.subscription import Channel
from bot.evidence.collector import Collector
from bot.evidence.probes import ProbeHistory, ProbeOutcome, ProbeResult, remember
from bot.evidence.reports import WINDOW
from bot.evidence.stores import Batch, EvidenceStores, UserReport
from bot.evidence.traffic import CallResult
from tests.servers.redis import Node, standalone

NOW = datetime(2026, 4, 9, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OPS = Channel("slack", "T1", "C1")
DEV = Channel("slack", "T2", "C2")
TARGET = Target("the API", "https://api.example.com", TargetKind.API, ("api",))


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


@pytest.fixture
async def database(node: Node) -> AsyncIterator[Database]:
    opened = await open_database(node.url)
    await opened.call("FLUSHALL")
    yield opened
    await opened.close()


async def test_a_person_is_one_voice_however_often_they_press(database: Database) -> None:
    reports = RedisReports(database, b"secret")

    assert await reports.add(UserReport(OPS, "U1", "code"), NOW)
    assert not await reports.add(UserReport(OPS, "U1", "code"), NOW + MINUTE)
    assert await reports.add(UserReport(OPS, "U2", "code"), NOW)
    assert await reports.add(UserReport(OPS, "U1", "api", members=80), NOW)

    report_counts = {t.surface: t for t in await reports.of_channel(OPS, NOW + MINUTE)}
    assert {s: t.people for s, t in report_counts.items()} == {"code": 2, "api": 1}
    assert report_counts["code"].latest == NOW + MINUTE
    assert report_counts["api"].members == 80


async def test_a_voice_is_gone_after_the_window_and_new_again_then(database: Database) -> None:
    reports = RedisReports(database, b"secret")
    await reports.add(UserReport(OPS, "U1", "code"), NOW)

    assert await reports.of_channel(OPS, NOW + WINDOW) == []
    assert await reports.add(UserReport(OPS, "U1", "code"), NOW + WINDOW)


async def test_a_voice_can_be_withdrawn(database: Database) -> None:
    reports = RedisReports(database, b"secret")
    await reports.add(UserReport(OPS, "U1", "code"), NOW)
    await reports.withdraw(UserReport(OPS, "U1", "code"))

    assert await reports.of_channel(OPS, NOW) == []


async def test_nobody_can_be_told_from_what_is_kept_and_all_of_it_expires(
    database: Database,
) -> None:
    for secret in (b"one", None):
        await RedisReports(database, secret).add(UserReport(OPS, "U024BE7LH", "code", 5), NOW)

    for key in await database.call("KEYS", "icd:{evidence}:*"):
        dumped = await database.call("DUMP", key)
        assert b"U024BE7LH" not in key + dumped
        if not key.endswith(b":hash_key"):
            assert 0 < await database.call("PTTL", key) <= WINDOW.total_seconds() * 1000


async def test_the_same_person_has_another_hash_under_another_key(database: Database) -> None:
    await RedisReports(database, b"one").add(UserReport(OPS, "U1", "code"), NOW)

    assert await RedisReports(database, b"two").add(UserReport(OPS, "U1", "code"), NOW)


async def test_all_replicas_share_the_key_that_was_made(database: Database) -> None:
    await RedisReports(database).add(UserReport(OPS, "U1", "code"), NOW)

    assert not await RedisReports(database).add(UserReport(OPS, "U1", "code"), NOW)


async def test_everywhere_is_all_channels_and_each_has_its_own(database: Database) -> None:
    reports = RedisReports(database, b"secret")
    await reports.add(UserReport(OPS, "U1", "code"), NOW)
    await reports.add(UserReport(DEV, "U1", "code"), NOW)

    assert [t.owner for t in await reports.of_channel(DEV, NOW)] == ["slack/T2"]
    await reports.add(UserReport(OPS, "U2", "github/actions", members=7), NOW + MINUTE)
    everywhere = await reports.everywhere(NOW + MINUTE)
    assert {t.owner for t in everywhere} == {"slack/T1", "slack/T2"}
    one_by_one = [
        report_count
        for channel in (OPS, DEV)
        for report_count in await reports.of_channel(channel, NOW + MINUTE)
    ]
    alone = [replace(report_count, elsewhere=0) for report_count in everywhere]
    assert sorted(alone, key=str) == sorted(one_by_one, key=str)


async def test_a_person_counts_once_and_where_the_channel_is_subscribed_longest(
    database: Database,
) -> None:
    reports = RedisReports(database, b"secret")
    channels = [Channel("discord", f"G{n}", f"C{n}") for n in range(12)]
    for age, channel in enumerate(channels):
        subscribed_at = NOW - age * timedelta(days=1)
        await reports.add(UserReport(channel, "U1", "code", 40, subscribed_at), NOW)
        await reports.add(UserReport(channel, f"other{age}", "code", 40, subscribed_at), NOW)

    counts = {t.channel: (t.people, t.elsewhere) for t in await reports.everywhere(NOW)}

    assert counts.pop(str(channels[-1])) == (2, 0)
    assert set(counts.values()) == {(2, 1)}
    assert (await reports.of_channel(channels[3], NOW))[0].subscribed_at == NOW - timedelta(days=3)


async def test_traffic_is_added_up_over_five_minutes_and_429_do_not_count(
    database: Database,
) -> None:
    traffic = RedisTraffic(database)
    counted = {
        CallResult.OK: 90,
        CallResult.OVERLOADED: 4,
        CallResult.FAILED: 1,
        CallResult.LIMITED: 500,
    }
    await traffic.add([Batch("api", counted), Batch("opus", {CallResult.TIMEOUT: 7})], NOW)
    await traffic.add([Batch("api", {CallResult.OK: 10})], NOW + 3 * MINUTE)

    counts = {c.surface: c for c in await traffic.counts(NOW + 4 * MINUTE)}

    assert (counts["api"].good, counts["api"].bad) == (100, 5)
    assert (counts["opus"].good, counts["opus"].bad) == (0, 7)
    assert [c.good for c in await traffic.counts(NOW + 7 * MINUTE)] == [10]


async def test_a_batch_that_is_sent_again_counts_once(database: Database) -> None:
    traffic = RedisTraffic(database)
    batch = [Batch("api", {CallResult.OK: 1})]

    assert await traffic.add(batch, NOW, "b1")
    assert not await traffic.add(batch, NOW, "b1")

    assert [c.good for c in await traffic.counts(NOW)] == [1]


async def test_the_budget_holds_against_any_number_of_replicas_at_once(
    database: Database,
) -> None:
    stores = [RedisProbes(database) for _ in range(40)]

    granted = await asyncio.gather(*(store.spend("2026-04-09", 7) for store in stores))

    assert sum(granted) == 7
    assert not await stores[0].spend("2026-04-09", 7)
    assert await stores[0].spend("2026-04-10", 7)
    assert await database.call("TTL", "icd:{evidence}:spent:2026-04-09") > 0


async def test_looks_are_kept_under_their_targets(database: Database) -> None:
    store = RedisProbes(database)
    record = remember(None, TARGET, ProbeResult(ProbeOutcome.GOOD, "answers 401 as it should"), NOW)
    assert record is not None

    await store.keep([record])
    await store.keep([])

    assert await store.records() == [record]
    await store.forget()
    assert await store.records() == []


async def test_all_kinds_are_gathered_for_their_provider(database: Database) -> None:
    reports, traffic, probes = (
        RedisReports(database, b"s"),
        RedisTraffic(database),
        RedisProbes(database),
    )
    await probes.keep([ProbeHistory("the API", ("api",), NOW, NOW, "bbbbb", "answers 529")])
    await traffic.add([Batch("api", {CallResult.FAILED: 50})], NOW)
    for person in range(9):
        await reports.add(UserReport(OPS, f"U{person}", "code"), NOW)
    await reports.add(UserReport(OPS, "U1", "github/actions"), NOW)
    collector = Collector(
        EvidenceStores(probes, traffic, reports, RedisCrowd(database)), load_catalog()
    )

    seen = await collector.gather("claude", NOW)

    assert {(e.source, e.surface) for e in seen.evidence} == {
        (Source.PROBE, "api"),
        (Source.TRAFFIC, "api"),
        (Source.REPORTS, "code"),
    }
    assert seen.local == {"code": ("slack/T1",)}
    collected = await collector.collect(NOW)
    said = {e.says for e in collected(DEV) if e.source is Source.REPORTS}
    assert said == {"9 people report trouble", "1 person reports trouble"}
    said = {e.says for e in collected(OPS) if e.source is Source.REPORTS}
    assert said == {"9 people here report trouble", "1 person here reports trouble"}
