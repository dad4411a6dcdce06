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
from tests.unit.delivery.runners_kit import RunnersKit, until


async def test_all_that_it_is_given_is_served_and_every_slot_is_free_again() -> None:
    kit = RunnersKit(slots=64)
    kit.platform.gate.set()
    kit.runners.take(kit.claims(20) + kit.claims(20, "T2"))
    assert kit.runners.held == kit.runners.waiting == 40
    await until(lambda: not kit.runners.held)
    assert len(kit.platform.begun) == 40
    assert {outcome for _, outcome in kit.queue.outcomes()} == {Outcome.DONE}
    assert kit.runners.waiting == 0
    await until(lambda: not kit.runners.in_flight)
    assert kit.moves == 80, "each left its line, and its slot"


async def test_a_tenant_has_as_many_runners_as_are_worth_while() -> None:
    kit = RunnersKit(slots=64, width=3)
    kit.runners.take(kit.claims(10) + kit.claims(2, "T2"))
    await until(lambda: len(kit.platform.begun) == 5)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(kit.platform.begun) == 5
    assert (kit.runners.held, kit.runners.waiting) == (12, 7)
    kit.runners.take(kit.claims(1, "T3"))
    await until(lambda: len(kit.platform.begun) == 6)
    kit.platform.gate.set()
    await until(lambda: not kit.runners.held)
    assert len(kit.platform.begun) == 13


@pytest.mark.parametrize(("crowded", "ready"), [(False, 3), (True, 64)])
async def test_how_many_are_worth_while_is_asked_for_the_channels_that_are_ready(
    crowded: bool, ready: int
) -> None:
    kit = RunnersKit(slots=64)
    kit.stage.context.crowded = crowded
    kit.runners.take(kit.claims(3))
    assert kit.platform.ready[-1] == ready, "behind what was claimed there may be any number"


async def test_runners_are_started_some_at_a_time_and_doubled() -> None:
    kit = RunnersKit(slots=1000, width=100)
    kit.runners.take(kit.claims(100))
    await until(lambda: len(kit.platform.begun) == STARTED_TOGETHER)
    assert len(kit.runners.in_flight) == STARTED_TOGETHER
    seen = set()
    async with asyncio.timeout(10):
        while len(kit.platform.begun) < 100:
            seen.add(len(kit.runners.in_flight))
            await asyncio.sleep(0.001)
    assert seen <= {8, 16, 32, 64, 100}


async def test_when_fewer_calls_are_worth_while_runners_end_and_none_is_left_out() -> None:
    kit = RunnersKit(slots=64, width=6)
    kit.runners.take(kit.claims(12))
    await until(lambda: len(kit.platform.begun) == 6)
    kit.platform.width = 1
    kit.platform.gate.set()
    await until(lambda: not kit.runners.held)
    assert len(kit.platform.begun) == 12


async def test_a_tenant_that_has_its_share_of_the_slots_is_put_off_for_a_moment() -> None:
    kit = RunnersKit(slots=8)
    kit.runners.take(kit.claims(9) + kit.claims(1, "T2"))
    assert kit.queue.outcomes() == [("C7", Outcome.LATER), ("C8", Outcome.LATER)]
    assert all(CROWDED[0] <= delay <= CROWDED[1] for delay in kit.queue.put_off())
    assert kit.runners.held == 8
    await until(lambda: len(kit.platform.begun) == 8)
    assert "T2/C0" in kit.platform.begun


async def test_where_nothing_ends_for_long_what_waits_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    kit = RunnersKit(slots=64, width=2)
    kit.runners.take(kit.claims(5))
    await until(lambda: len(kit.platform.begun) == 2)
    now[0] += FLOWING - 0.01
    kit.runners.give_back_what_is_stuck()
    assert kit.queue.settled == []
    now[0] += 0.01
    kit.runners.take(kit.claims(1, "T2"))
    kit.runners.give_back_what_is_stuck()
    assert [id_ for id_, _ in kit.queue.outcomes()] == ["C2", "C3", "C4"]
    assert all(STUCK[0] <= delay <= STUCK[1] for delay in kit.queue.put_off())
    assert (kit.runners.held, kit.runners.waiting) == (3, 1)
    kit.runners.take(kit.claims(1))
    assert len(kit.queue.put_off()) == 4, "and nothing is begun there"
    assert kit.queue.put_off()[-1] >= STUCK[0]
    kit.platform.gate.set()
    await until(lambda: not kit.runners.held)
    kit.runners.take(kit.claims(1))
    await until(lambda: not kit.runners.held)
    assert len(kit.queue.put_off()) == 4, "it flows again"


async def test_a_tenant_that_has_room_is_served_however_long_ago_something_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    kit = RunnersKit(slots=64, width=4)
    kit.runners.take(kit.claims(2))
    await until(lambda: len(kit.platform.begun) == 2)
    now[0] += FLOWING
    kit.runners.take(kit.claims(1))
    await until(lambda: len(kit.platform.begun) == 3)
    assert kit.queue.settled == []


async def test_a_lease_that_may_not_last_for_a_call_is_given_back_unused() -> None:
    kit = RunnersKit(send_seconds=5.0)
    kit.runners.take(kit.claims(1, seconds=4.5) + kit.claims(1, "T2", seconds=30))
    await until(lambda: len(kit.platform.begun) == 1)
    assert kit.platform.begun == ["T2/C0"]
    assert len(kit.queue.put_off()) == 1
    assert CROWDED[0] <= kit.queue.put_off()[0] <= CROWDED[1]
    assert kit.runners.held == 1


async def test_a_fault_of_ours_is_logged_and_frees_its_slot() -> None:
    kit = RunnersKit()
    kit.platform.failing = {"open": [ZeroDivisionError()]}
    kit.platform.gate.set()
    with capture_logs() as logs:
        kit.runners.take(kit.claims(2))
        await until(lambda: not kit.runners.held)
    assert [(line["event"], line["log_level"]) for line in logs] == [("delivery.broken", "error")]
    assert kit.queue.outcomes() in ([("C0", Outcome.DONE)], [("C1", Outcome.DONE)])
