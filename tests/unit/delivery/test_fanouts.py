"""Committed events become stale channels, each once and none lost; a sweep finds the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from bot.delivery.cache import IncidentCache
from bot.delivery.fanout import RECENTLY, FanOut
from bot.delivery.queue import PendingThread
from bot.delivery.stores import StreamEntry
from bot.domain.errors import StoreError
from bot.domain.incident import EventKind, Incident, SeenBy
from bot.domain.state import State
from bot.domain.subscription import ThreadRecord
from tests.clock import StandingClock
from tests.delivery_kit import incident, more
from tests.unit.delivery.stage import HOUR, NOW
from tests.unit.delivery.streams import TOLD, Store


def fan_out(store: Store) -> FanOut:
    cache = IncidentCache(store)  # type: ignore[arg-type]
    return FanOut("claude", store, store, cache, lambda: NOW, store)  # type: ignore[arg-type]


def wanted(told: Incident) -> PendingThread:
    return PendingThread(told.key, told.version, ThreadRecord())


async def test_events_queue_each_incident_once_and_are_acknowledged_after_that() -> None:
    store = Store({TOLD.key: TOLD})
    store.entries[False] = [StreamEntry(f"{n}-0", TOLD.key) for n in (1, 2)]
    loop = fan_out(store)
    assert await loop.read_events()
    assert store.events == [TOLD.key, ("acknowledged", "claude", ["1-0", "2-0"])]
    assert not await loop.read_events()
    assert store.events[2:] == []


async def test_an_unknown_incident_costs_only_itself() -> None:
    store = Store({TOLD.key: TOLD})
    store.entries[False] = [StreamEntry("1-0", "claude/gone"), StreamEntry("2-0", TOLD.key)]
    assert await fan_out(store).read_events()
    assert store.events == [TOLD.key, ("acknowledged", "claude", ["1-0", "2-0"])]


async def test_what_could_not_be_queued_is_not_acknowledged() -> None:
    store = Store({TOLD.key: TOLD}, fails=True)
    store.entries[False] = [StreamEntry("1-0", TOLD.key)]
    with pytest.raises(StoreError):
        await fan_out(store).read_events()
    assert store.events == []


async def test_nobody_is_on_what_has_ended() -> None:
    over = more(TOLD, EventKind.RESOLVED)
    store = Store({TOLD.key: over})
    store.entries[False] = [StreamEntry("1-0", TOLD.key)]
    await fan_out(store).read_events()
    assert store.events[:2] == [("ended", TOLD.key), TOLD.key]
    cache = IncidentCache(store)  # type: ignore[arg-type]
    store.entries[False] = [StreamEntry("1-0", TOLD.key)]
    alone = FanOut("claude", store, store, cache, lambda: NOW)  # type: ignore[arg-type]
    assert await alone.read_events(), "where nobody can take anything"
    store.incidents.clear()
    assert await cache.get(wanted(over)) is over, "kept for those who are to be told"


async def test_what_others_left_is_looked_for_now_and_then() -> None:
    store = Store({TOLD.key: TOLD})
    store.entries[True] = [StreamEntry("1-0", TOLD.key)]
    loop = fan_out(store)
    assert await loop.read_events(abandoned=True)
    assert not await loop.read_events(abandoned=True)
    assert not await loop.read_events(abandoned=True)
    assert store.read_of == [("claude", True)] * 2, "there was nothing: not again for a while"
    await loop.read_events()
    assert store.read_of[2:] == [("claude", False)]


async def test_a_sweep_queues_what_is_open_or_ended_lately_and_never_history() -> None:
    began = NOW - timedelta(days=1)
    before = incident(EventKind.OPENED, id_="before", at=began)
    history = replace(TOLD, id="history", seen_by=SeenBy.PAGE)
    silent = replace(TOLD, id="silent", events=())
    over = more(replace(TOLD, id="over"), EventKind.RESOLVED)
    store = Store(past=[before, history, silent, TOLD, over])
    loop = fan_out(store)
    assert await loop.sweep() == 0, "the page was never read"
    store.states["claude"] = State("claude", began, NOW)
    assert await loop.sweep() == 2
    assert store.asked_since == [NOW - RECENTLY]
    assert store.events == [(TOLD.key, True), over.key]


async def runs(
    loop: FanOut, until: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> list[float]:
    """Run a loop until so much was done; returns the seconds that it waited for each time."""
    waits: list[float] = []

    class Enough(Exception):
        pass

    async def wait(_: object, seconds: float) -> bool:
        waits.append(seconds)
        if until():
            raise Enough
        return False

    monkeypatch.setattr("bot.delivery.fanout.wait_for", wait)
    with pytest.raises(Enough):
        await loop.run()
    return waits


async def test_at_its_start_every_process_sweeps_and_then_one_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = StandingClock(1000.0)
    monkeypatch.setattr("bot.delivery.fanout.time", SimpleNamespace(monotonic=now))
    store = Store(states={"claude": State("claude", NOW - 9 * HOUR, NOW)}, past=[TOLD])
    store.my_turn = False
    loop = fan_out(store)
    passes = iter(range(10))

    def three() -> bool:
        now.now += 200.0
        return next(passes) == 2

    assert await runs(loop, three, monkeypatch) == [1.0] * 3
    assert store.events == [(TOLD.key, True), ("sweep?", "claude")], "400 s later it asks"
    store.my_turn = True
    now.now += 300.0
    await runs(loop, lambda: True, monkeypatch)
    assert store.events[2:] == [("sweep?", "claude"), (TOLD.key, True)]


async def test_while_there_is_more_to_read_it_does_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store({TOLD.key: TOLD})
    store.entries[False] = [StreamEntry("1-0", TOLD.key)]
    store.entries[True] = [StreamEntry("2-0", TOLD.key)]
    passes = iter(range(10))
    assert await runs(fan_out(store), lambda: next(passes) == 2, monkeypatch) == [0.0, 0.0, 1.0]


async def test_after_the_store_failed_everything_is_swept_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store({TOLD.key: TOLD}, {"claude": State("claude", NOW - 9 * HOUR, NOW)}, [TOLD])
    store.my_turn = False
    loop = fan_out(store)
    await runs(loop, lambda: True, monkeypatch)
    store.fails = True
    store.entries[False] = [StreamEntry("1-0", TOLD.key)]
    with capture_logs() as logs:
        (wait,) = await runs(loop, lambda: True, monkeypatch)
    assert 0 < wait < 1
    failed = next(line for line in logs if line["event"] == "store.failed")
    assert (failed["loop"], failed["provider"]) == ("fanout", "claude")
    store.fails = False
    store.events.clear()
    await runs(loop, lambda: True, monkeypatch)
    assert store.events == [(TOLD.key, True)]
