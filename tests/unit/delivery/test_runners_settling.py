"""What runners send is recorded: how far they may go ahead of that, and how they end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.delivery import runners as module
from bot.domain.subscription import Pause
from tests.unit.delivery.runners_kit import RunnersKit, until
from tests.unit.delivery.stage import ASKED, HOUR, NOW


async def test_a_settlement_that_fails_or_comes_too_late_frees_its_slot() -> None:
    kit = RunnersKit()
    kit.platform.gate.set()
    for changes, said in (
        ({"fails": True}, ("delivery.unsettled", "debug")),
        ({"held": False}, ("delivery.claim_lost", "info")),
    ):
        kit.queue = replace(kit.queue, settled=[], **changes)  # type: ignore[arg-type]
        kit.stage.context.queue = kit.queue  # type: ignore[assignment]
        with capture_logs() as logs:
            kit.runners.take(kit.claims(1))
            await until(lambda: not kit.runners.held)
        assert said in [(line["event"], line["log_level"]) for line in logs]
        kit.queue.fails, kit.queue.held = False, True


async def test_a_slot_is_held_until_what_was_sent_is_recorded() -> None:
    kit = RunnersKit(width=1)
    kit.platform.gate.set()
    kit.queue.waits = True
    kit.runners.take(kit.claims(3))
    await until(lambda: len(kit.queue.settled) == 3)
    assert (kit.runners.held, kit.runners.waiting) == (3, 0)
    await until(lambda: len(kit.runners.in_flight) == 3)
    for left in kit.queue.left:
        kit.queue.end(left)
    await until(lambda: not kit.runners.held)
    assert not kit.runners.in_flight


async def test_no_more_is_sent_than_may_have_to_be_searched_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_UNRECORDED", 2)
    kit = RunnersKit(width=1)
    kit.platform.gate.set()
    kit.queue.waits = True
    kit.runners.take(kit.claims(6))
    await until(lambda: len(kit.queue.settled) == 3)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(kit.platform.begun) == 3
    kit.queue.waits = False
    for left in list(kit.queue.left):
        kit.queue.end(left)
    await until(lambda: not kit.runners.held)
    assert len(kit.platform.begun) == 6


@pytest.mark.parametrize(
    ("changes", "told"), [({}, True), ({"held": False}, False), ({"fails": True}, False)]
)
async def test_a_channel_that_was_paused_is_told_so_once_its_pause_has_ended(
    changes: dict[str, bool], told: bool
) -> None:
    kit = RunnersKit()
    kit.platform.gate.set()
    kit.queue = replace(kit.queue, **changes)  # type: ignore[arg-type]
    kit.stage.context.queue = kit.queue  # type: ignore[assignment]
    (claim,) = kit.claims(1)
    assert claim.subscription is not None
    paused = replace(claim.subscription, paused=Pause("is_archived", NOW - HOUR, None))
    kit.runners.take([replace(claim, subscription=paused)])
    await until(lambda: not kit.runners.in_flight)
    assert len(kit.platform.begun) == 1 + told
    assert kit.queue.settled[0].resume


async def test_whoever_waits_behind_a_channel_whose_pause_could_not_be_ended_is_served() -> None:
    kit = RunnersKit(width=1)
    kit.platform.gate.set()
    kit.queue.fails = True
    first, *others = kit.claims(3)
    paused = replace(ASKED, channel=first.channel, paused=Pause("is_archived", NOW - HOUR, None))
    kit.runners.take([replace(first, subscription=paused), *others])
    await until(lambda: not kit.runners.held)
    assert kit.platform.begun == ["T1/C0", "T1/C1", "T1/C2"]


async def test_at_the_end_calls_in_flight_are_finished_and_recorded() -> None:
    kit = RunnersKit(width=2)
    kit.runners.take(kit.claims(2))
    await until(lambda: len(kit.platform.begun) == 2)
    kit.queue.waits = True
    ending = asyncio.create_task(kit.runners.stop(30.0))
    await asyncio.sleep(0)
    kit.platform.gate.set()
    await until(lambda: len(kit.queue.settled) == 2)
    assert not ending.done()
    for left in kit.queue.left:
        kit.queue.end(left)
    assert await ending == 0
    assert not kit.runners.in_flight


async def test_at_the_end_what_takes_too_long_is_given_up_and_counted() -> None:
    kit = RunnersKit(width=3)
    kit.runners.take(kit.claims(3))
    await until(lambda: len(kit.platform.begun) == 3)
    assert await kit.runners.stop(0.01) == 3
    assert not kit.runners.in_flight
    kit = RunnersKit(width=3)
    kit.platform.gate.set()
    kit.queue.waits = True
    kit.runners.take(kit.claims(2))
    await until(lambda: len(kit.queue.settled) == 2)
    kit.platform.gate = asyncio.Event()
    kit.runners.take(kit.claims(1, "T2"))
    await until(lambda: len(kit.platform.begun) == 3)
    assert await kit.runners.stop(0.01) == 3, "one call, and two records"
    await asyncio.sleep(0)
    assert not kit.runners.in_flight
