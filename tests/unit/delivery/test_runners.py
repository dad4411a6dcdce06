"""Runners share the slots among tenants; whatever becomes of a channel, its slot is free again."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from bot.delivery import runners as module
from bot.delivery.queue import Outcome
from bot.delivery.runners import CROWDED, FLOWING, STARTED_TOGETHER, STUCK
from tests.unit.delivery.floor import Floor, until


async def test_all_that_it_is_given_is_served_and_every_slot_is_free_again() -> None:
    floor = Floor(slots=64)
    floor.office.door.set()
    floor.runners.take(floor.claims(20) + floor.claims(20, "T2"))
    assert floor.runners.held == floor.runners.waiting == 40
    await until(lambda: not floor.runners.held)
    assert len(floor.office.begun) == 40
    assert {outcome for _, outcome in floor.book.outcomes()} == {Outcome.DONE}
    assert floor.runners.waiting == 0
    await until(lambda: not floor.runners.in_flight)
    assert floor.moves == 80, "each left its line, and its slot"


async def test_a_tenant_has_as_many_runners_as_are_worth_while() -> None:
    floor = Floor(slots=64, width=3)
    floor.runners.take(floor.claims(10) + floor.claims(2, "T2"))
    await until(lambda: len(floor.office.begun) == 5)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(floor.office.begun) == 5
    assert (floor.runners.held, floor.runners.waiting) == (12, 7)
    floor.runners.take(floor.claims(1, "T3"))
    await until(lambda: len(floor.office.begun) == 6)
    floor.office.door.set()
    await until(lambda: not floor.runners.held)
    assert len(floor.office.begun) == 13


@pytest.mark.parametrize(("crowded", "ready"), [(False, 3), (True, 64)])
async def test_how_many_are_worth_while_is_asked_for_the_channels_that_are_ready(
    crowded: bool, ready: int
) -> None:
    floor = Floor(slots=64)
    floor.stage.context.crowded = crowded
    floor.runners.take(floor.claims(3))
    assert floor.office.ready[-1] == ready, "behind what was claimed there may be any number"


async def test_runners_are_started_some_at_a_time_and_doubled() -> None:
    floor = Floor(slots=1000, width=100)
    floor.runners.take(floor.claims(100))
    await until(lambda: len(floor.office.begun) == STARTED_TOGETHER)
    assert len(floor.runners.in_flight) == STARTED_TOGETHER
    seen = set()
    async with asyncio.timeout(10):
        while len(floor.office.begun) < 100:
            seen.add(len(floor.runners.in_flight))
            await asyncio.sleep(0.001)
    assert seen <= {8, 16, 32, 64, 100}


async def test_when_fewer_calls_are_worth_while_runners_end_and_none_is_left_out() -> None:
    floor = Floor(slots=64, width=6)
    floor.runners.take(floor.claims(12))
    await until(lambda: len(floor.office.begun) == 6)
    floor.office.width = 1
    floor.office.door.set()
    await until(lambda: not floor.runners.held)
    assert len(floor.office.begun) == 12


async def test_a_tenant_that_has_its_share_of_the_slots_is_put_off_for_a_moment() -> None:
    floor = Floor(slots=8)
    floor.runners.take(floor.claims(9) + floor.claims(1, "T2"))
    assert floor.book.outcomes() == [("C7", Outcome.LATER), ("C8", Outcome.LATER)]
    assert all(CROWDED[0] <= delay <= CROWDED[1] for delay in floor.book.put_off())
    assert floor.runners.held == 8
    await until(lambda: len(floor.office.begun) == 8)
    assert "T2/C0" in floor.office.begun


async def test_where_nothing_ends_for_long_what_waits_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    floor = Floor(slots=64, width=2)
    floor.runners.take(floor.claims(5))
    await until(lambda: len(floor.office.begun) == 2)
    now[0] += FLOWING - 0.01
    floor.runners.give_back_what_is_stuck()
    assert floor.book.settled == []
    now[0] += 0.01
    floor.runners.take(floor.claims(1, "T2"))
    floor.runners.give_back_what_is_stuck()
    assert [id_ for id_, _ in floor.book.outcomes()] == ["C2", "C3", "C4"]
    assert all(STUCK[0] <= delay <= STUCK[1] for delay in floor.book.put_off())
    assert (floor.runners.held, floor.runners.waiting) == (3, 1)
    floor.runners.take(floor.claims(1))
    assert len(floor.book.put_off()) == 4, "and nothing is begun there"
    assert floor.book.put_off()[-1] >= STUCK[0]
    floor.office.door.set()
    await until(lambda: not floor.runners.held)
    floor.runners.take(floor.claims(1))
    await until(lambda: not floor.runners.held)
    assert len(floor.book.put_off()) == 4, "it flows again"


async def test_a_tenant_that_has_room_is_served_however_long_ago_something_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    floor = Floor(slots=64, width=4)
    floor.runners.take(floor.claims(2))
    await until(lambda: len(floor.office.begun) == 2)
    now[0] += FLOWING
    floor.runners.take(floor.claims(1))
    await until(lambda: len(floor.office.begun) == 3)
    assert floor.book.settled == []


async def test_a_lease_that_may_not_last_for_a_call_is_given_back_unused() -> None:
    floor = Floor(send_seconds=5.0)
    floor.runners.take(floor.claims(1, seconds=4.5) + floor.claims(1, "T2", seconds=30))
    await until(lambda: len(floor.office.begun) == 1)
    assert floor.office.begun == ["T2/C0"]
    assert len(floor.book.put_off()) == 1
    assert CROWDED[0] <= floor.book.put_off()[0] <= CROWDED[1]
    assert floor.runners.held == 1


async def test_a_fault_of_ours_is_logged_and_frees_its_slot() -> None:
    floor = Floor()
    floor.office.failing = {"open": [ZeroDivisionError()]}
    floor.office.door.set()
    with capture_logs() as logs:
        floor.runners.take(floor.claims(2))
        await until(lambda: not floor.runners.held)
    assert [(line["event"], line["log_level"]) for line in logs] == [("delivery.broken", "error")]
    assert floor.book.outcomes() in ([("C0", Outcome.DONE)], [("C1", Outcome.DONE)])
