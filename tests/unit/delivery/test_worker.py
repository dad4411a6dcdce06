"""The worker claims as much as there is room for, when something is due, and ends cleanly."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.delivery import worker as module
from bot.delivery.queue import Claims
from bot.delivery.worker import AHEAD, MOST_REMEMBERED, POLL, TOGETHER
from bot.domain.errors import StoreError
from bot.domain.subscription import Channel
from tests.unit.delivery.runners_kit import Enough, WorkerKit, until


@pytest.mark.parametrize(
    ("more", "next_due", "expected"),
    [
        (False, None, POLL),
        (False, 5.0, POLL),
        (False, 0.5, 0.5),
        (False, 0.0, TOGETHER),
        (True, None, 0.01),
        (True, 0.5, 0.01),
    ],
)
async def test_it_comes_again_when_something_is_due(
    more: bool, next_due: float | None, expected: float
) -> None:
    kit = WorkerKit(Claims([], more, next_due))
    assert await kit.worker.claim(5) == expected
    assert kit.worker.context.crowded is more
    assert kit.claimable.asked == [("chat", 5, False)]


async def test_while_others_are_ready_it_goes_on_at_once() -> None:
    kit = WorkerKit()
    kit.claimable.found = [Claims(kit.claims(2), True, None)]
    kit.platform.rationed = True
    assert await kit.worker.claim(5) == 0.0
    assert kit.claimable.asked == [("chat", 5, True)]
    assert len(kit.worker.attempts) == 2


async def test_it_claims_as_many_as_there_are_slots_free(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = WorkerKit(slots=8)
    kit.claimable.found = [Claims(kit.claims(3), True, None)]
    waits = await kit.run(lambda: len(kit.claimable.asked) == 2, monkeypatch)
    assert [count for _, count, _ in kit.claimable.asked] == [8, 5]
    assert waits == [POLL]


async def test_it_claims_no_more_ahead_than_may_have_to_be_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kit = WorkerKit(slots=1024, width=1)
    kit.claimable.found = [Claims(kit.claims(56), True, None)]
    await kit.run(lambda: len(kit.claimable.asked) == 2, monkeypatch)
    assert [count for _, count, _ in kit.claimable.asked] == [AHEAD, AHEAD - 56]


async def test_without_room_it_waits_and_then_takes_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kit = WorkerKit(slots=8)
    kit.claimable.found = [Claims(kit.claims(5), False, 0.0)]
    waits = await kit.run(lambda: len(kit.claimable.asked) == 2, monkeypatch)
    assert [count for _, count, _ in kit.claimable.asked] == [8, 3]
    assert waits == [TOGETHER, POLL, POLL], "for room, then until something is due"


async def test_with_half_of_its_slots_free_it_claims_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kit = WorkerKit(slots=8)
    kit.claimable.found = [Claims(kit.claims(4), False, 0.0)]
    waits = await kit.run(lambda: len(kit.claimable.asked) == 2, monkeypatch)
    assert [count for _, count, _ in kit.claimable.asked] == [8, 4]
    assert waits == [TOGETHER, POLL]


@pytest.mark.parametrize(("ended", "room"), [(1, False), (2, True)])
async def test_it_goes_on_once_half_of_its_slots_are_free(
    ended: int, room: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = WorkerKit(slots=8)
    kit.platform.gate.set()
    kit.claimable.waits = True
    kit.claimable.found = [Claims(kit.claims(6), False, 0.0)]
    woken: list[bool] = []

    async def wait(event: asyncio.Event, _: float) -> bool:
        if len(woken) == 2:
            raise Enough
        await until(lambda: len(kit.claimable.left) == 6)
        for done in kit.claimable.left[: ended * len(woken)]:
            kit.claimable.end(done)
        await asyncio.sleep(0)
        woken.append(event.is_set())
        return woken[-1]

    monkeypatch.setattr(module, "wait_for", wait)
    with pytest.raises(Enough):
        await kit.worker.run()
    assert woken == [False, room]


async def test_the_last_slot_that_is_free_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = WorkerKit(slots=8)
    kit.claimable.found = [Claims([*kit.claims(6), *kit.claims(1, "T2")], False, 0.0)]
    await kit.run(lambda: len(kit.claimable.asked) == 2, monkeypatch)
    assert [count for _, count, _ in kit.claimable.asked] == [8, 1]


async def test_where_no_slot_is_free_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = WorkerKit(slots=8)
    kit.claimable.found = [Claims([*kit.claims(7), *kit.claims(1, "T2")], False, 0.0)]
    waits: list[float] = []

    def enough() -> bool:
        waits.append(0)
        return len(waits) == 5

    assert await kit.run(enough, monkeypatch) == [TOGETHER, POLL, POLL, POLL, POLL]
    assert len(kit.claimable.asked) == 1


async def test_room_that_comes_free_is_used_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = WorkerKit(slots=8)
    kit.claimable.found = [Claims(kit.claims(5), False, 0.0)]
    running = asyncio.create_task(kit.worker.run())
    await until(lambda: len(kit.platform.begun) == 5)
    monkeypatch.setattr(module, "POLL", 60.0)
    await asyncio.sleep(TOGETHER * 3)
    kit.platform.gate.set()
    await until(lambda: len(kit.claimable.asked) >= 2)
    assert kit.claimable.asked[-1][1] == 8
    await kit.worker.stop(5.0)
    await running


async def test_a_store_that_fails_is_asked_more_and_more_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kit = WorkerKit(*[StoreError("away")] * 3)
    with capture_logs() as logs:
        waits = await kit.run(lambda: len(kit.claimable.asked) == 5, monkeypatch)
    assert waits[0] < waits[1] < waits[2]
    assert waits[3:] == [POLL, POLL]
    said = [(line["event"], line.get("platform"), line.get("loop")) for line in logs]
    assert said == [(f"store.{what}", "chat", "worker") for what in ("failed", "recovered")]


async def test_it_is_woken_by_what_is_queued_and_by_what_ends() -> None:
    kit = WorkerKit()
    running = asyncio.create_task(kit.worker.run())
    await until(lambda: len(kit.claimable.asked) == 1)
    kit.claimable.found = [Claims(kit.claims(1), False, 3600.0)]
    kit.worker.wake()
    await until(lambda: len(kit.platform.begun) == 1)
    before = len(kit.claimable.asked)
    kit.platform.gate.set()
    await until(lambda: len(kit.claimable.asked) > before)
    await kit.worker.stop(5.0)
    await running


async def test_it_ends_what_is_in_flight_says_what_is_left_and_claims_nothing_more() -> None:
    kit = WorkerKit()
    kit.claimable.found = [Claims(kit.claims(2), False, None)]
    running = asyncio.create_task(kit.worker.run())
    await until(lambda: len(kit.platform.begun) == 2)
    with capture_logs() as logs:
        await kit.worker.stop(0.01)
    await running
    assert [(line["event"], line["platform"], line["unfinished"]) for line in logs] == [
        ("worker.stopped", "chat", 2)
    ]
    assert kit.worker.context.stopping
    assert not kit.worker.attempts


async def test_where_nothing_is_in_flight_it_ends_without_a_word() -> None:
    kit = WorkerKit()
    running = asyncio.create_task(kit.worker.run())
    await until(lambda: len(kit.claimable.asked) == 1)
    with capture_logs() as logs:
        await kit.worker.stop(5.0)
    await running
    assert logs == []


async def test_when_each_channel_had_its_message_is_not_remembered_without_end() -> None:
    kit = WorkerKit()
    times = kit.worker.context.next_send_at
    for number in range(MOST_REMEMBERED):
        times[Channel("chat", "T1", f"N{number}")] = 0.0
    kit.platform.gate.set()
    kit.claimable.found = [Claims(kit.claims(1), False, None)]
    await kit.worker.claim(1)
    await until(lambda: not kit.worker.attempts)
    assert len(times) == MOST_REMEMBERED
    times[Channel("chat", "T1", "one more")] = 0.0
    kit.claimable.found = [Claims(kit.claims(1), False, None)]
    await kit.worker.claim(1)
    await until(lambda: not kit.worker.attempts)
    assert times == {}
