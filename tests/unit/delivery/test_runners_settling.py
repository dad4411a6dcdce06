"""What runners send is recorded: how far they may go ahead of that, and how they end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.delivery import runners as module
from bot.domain.subscription import Pause
from tests.unit.delivery.floor import Floor, until
from tests.unit.delivery.stage import ASKED, HOUR, NOW


async def test_a_settlement_that_fails_or_comes_too_late_frees_its_slot() -> None:
    floor = Floor()
    floor.office.door.set()
    for changes, said in (
        ({"fails": True}, ("delivery.unsettled", "debug")),
        ({"held": False}, ("delivery.claim_lost", "info")),
    ):
        floor.book = replace(floor.book, settled=[], **changes)  # type: ignore[arg-type]
        floor.stage.context.queue = floor.book  # type: ignore[assignment]
        with capture_logs() as logs:
            floor.runners.take(floor.claims(1))
            await until(lambda: not floor.runners.held)
        assert said in [(line["event"], line["log_level"]) for line in logs]
        floor.book.fails, floor.book.held = False, True


async def test_a_slot_is_held_until_what_was_sent_is_recorded() -> None:
    floor = Floor(width=1)
    floor.office.door.set()
    floor.book.waits = True
    floor.runners.take(floor.claims(3))
    await until(lambda: len(floor.book.settled) == 3)
    assert (floor.runners.held, floor.runners.waiting) == (3, 0)
    await until(lambda: len(floor.runners.in_flight) == 3)
    for left in floor.book.left:
        floor.book.end(left)
    await until(lambda: not floor.runners.held)
    assert not floor.runners.in_flight


async def test_no_more_is_sent_than_may_have_to_be_searched_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_UNRECORDED", 2)
    floor = Floor(width=1)
    floor.office.door.set()
    floor.book.waits = True
    floor.runners.take(floor.claims(6))
    await until(lambda: len(floor.book.settled) == 3)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(floor.office.begun) == 3
    floor.book.waits = False
    for left in list(floor.book.left):
        floor.book.end(left)
    await until(lambda: not floor.runners.held)
    assert len(floor.office.begun) == 6


@pytest.mark.parametrize(
    ("changes", "told"), [({}, True), ({"held": False}, False), ({"fails": True}, False)]
)
async def test_a_channel_that_was_paused_is_told_so_once_its_pause_has_ended(
    changes: dict[str, bool], told: bool
) -> None:
    floor = Floor()
    floor.office.door.set()
    floor.book = replace(floor.book, **changes)  # type: ignore[arg-type]
    floor.stage.context.queue = floor.book  # type: ignore[assignment]
    (claim,) = floor.claims(1)
    assert claim.subscription is not None
    paused = replace(claim.subscription, paused=Pause("is_archived", NOW - HOUR, None))
    floor.runners.take([replace(claim, subscription=paused)])
    await until(lambda: not floor.runners.in_flight)
    assert len(floor.office.begun) == 1 + told
    assert floor.book.settled[0].resume


async def test_whoever_waits_behind_a_channel_whose_pause_could_not_be_ended_is_served() -> None:
    floor = Floor(width=1)
    floor.office.door.set()
    floor.book.fails = True
    first, *others = floor.claims(3)
    paused = replace(ASKED, channel=first.channel, paused=Pause("is_archived", NOW - HOUR, None))
    floor.runners.take([replace(first, subscription=paused), *others])
    await until(lambda: not floor.runners.held)
    assert floor.office.begun == ["T1/C0", "T1/C1", "T1/C2"]


async def test_at_the_end_calls_in_flight_are_finished_and_recorded() -> None:
    floor = Floor(width=2)
    floor.runners.take(floor.claims(2))
    await until(lambda: len(floor.office.begun) == 2)
    floor.book.waits = True
    ending = asyncio.create_task(floor.runners.stop(30.0))
    await asyncio.sleep(0)
    floor.office.door.set()
    await until(lambda: len(floor.book.settled) == 2)
    assert not ending.done()
    for left in floor.book.left:
        floor.book.end(left)
    assert await ending == 0
    assert not floor.runners.in_flight


async def test_at_the_end_what_takes_too_long_is_given_up_and_counted() -> None:
    floor = Floor(width=3)
    floor.runners.take(floor.claims(3))
    await until(lambda: len(floor.office.begun) == 3)
    assert await floor.runners.stop(0.01) == 3
    assert not floor.runners.in_flight
    floor = Floor(width=3)
    floor.office.door.set()
    floor.book.waits = True
    floor.runners.take(floor.claims(2))
    await until(lambda: len(floor.book.settled) == 2)
    floor.office.door = asyncio.Event()
    floor.runners.take(floor.claims(1, "T2"))
    await until(lambda: len(floor.office.begun) == 3)
    assert await floor.runners.stop(0.01) == 3, "one call, and two records"
    await asyncio.sleep(0)
    assert not floor.runners.in_flight
