"""What the store promises about the past, on one Redis and on a cluster of three."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.redis import keys
from adapters.redis.history import RedisHistory
from adapters.redis.store import Store, open_store
from bot.domain.incident import EventKind, SeenBy
from bot.domain.page import Severity
from bot.history.looks import EVER
from bot.history.spans import READ, Observer, Span
from tests.delivery_kit import commit, incident
from tests.servers.redis import KINDS, one_or_cluster

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with one_or_cluster(request.param) as running:
        yield running


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as opened:
        yield opened


@pytest.fixture
def history(store: Store) -> RedisHistory:
    return RedisHistory(store.database)


async def test_what_the_page_lists_is_read_with_the_rest_and_never_hides_what_we_saw(
    store: Store, history: RedisHistory
) -> None:
    ours = incident(EventKind.OVER, provider="both", id_="ours", at=NOW - DAY)
    await commit(store, ours)
    listed = [
        replace(
            incident(EventKind.OVER, provider="both", id_=name, at=NOW - days * DAY),
            seen_by=SeenBy.PAGE,
            # What only looks like the mark does no harm.
            title='"seen_by":"page"',
        )
        for name, days in (("ours", 1), ("theirs", 2))
    ]
    await history.take_in("both", listed)
    await history.take_in("both", [replace(listed[1], title="renamed")])
    found = await store.incident_store.history("both", NOW - 3 * DAY)
    assert [(one.id, one.seen_by) for one in found] == [
        ("theirs", SeenBy.PAGE),
        ("ours", SeenBy.US),
    ]
    assert found[0].title == "renamed"
    assert found[1].title == ours.title
    assert await store.incident_store.incident("both/theirs") == found[0]


async def test_spans_are_read_back_and_one_that_grew_takes_its_own_place(
    history: RedisHistory,
) -> None:
    read = Span(Observer.PAGE, READ, Severity.UP, NOW - DAY, NOW, 2880)
    api = Span(Observer.OURS, "openai/api", Severity.PARTIAL, NOW - DAY, NOW - DAY / 2, 9)
    await history.keep("spans", [read, api])
    await history.keep("spans", [replace(api, end=NOW, looks=18)])
    await history.keep("spans", [])
    assert await history.spans("spans", NOW) == [replace(api, end=NOW, looks=18), read]
    assert await history.spans("spans", NOW + DAY) == []


async def test_what_is_too_old_or_too_much_goes_and_what_is_open_stays(
    store: Store, history: RedisHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = [
        incident(EventKind.OVER, provider="prune", id_=f"over{days}", at=NOW - days * DAY)
        for days in range(1, 6)
    ]
    running = incident(EventKind.OPENED, provider="prune", id_="open", at=NOW - 500 * DAY)
    await commit(store, *ended, running)
    await history.keep(
        "prune",
        [Span(Observer.PAGE, READ, Severity.UP, NOW - n * DAY, NOW - n * DAY) for n in range(6)],
    )

    async def left() -> tuple[list[str], int]:
        found = await store.incident_store.history("prune", NOW - 999 * DAY)
        return sorted(one.id for one in found), len(await history.spans("prune", EVER))

    assert await history.prune("prune", NOW - 4.5 * DAY) == 2
    assert await left() == (["open", "over1", "over2", "over3", "over4"], 5)
    monkeypatch.setattr(keys, "INCIDENTS_KEPT", 3)
    monkeypatch.setattr(keys, "SPANS_KEPT", 2)
    assert await history.prune("prune", NOW - 4.5 * DAY) == 5
    assert await left() == (["open", "over1", "over2"], 2)
    assert await history.prune("prune", NOW - 4.5 * DAY) == 0
    monkeypatch.setattr(keys, "INCIDENTS_KEPT", 0)
    assert await history.prune("prune", NOW - 4.5 * DAY) == 2
    assert await left() == (["open"], 2), "however many are open"
