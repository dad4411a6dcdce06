"""A platform that takes nothing is noticed, and spoken of on the others."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from bot.delivery import platform_health
from bot.delivery.platform_health import TROUBLE_AFTER, PlatformHealth
from bot.domain.errors import (
    CannotLook,
    ChannelGone,
    DeliveryError,
    Malformed,
    MessageGone,
    RateLimited,
    TenantGone,
    TenantPaused,
    Uncertain,
)
from bot.domain.message import Message
from tests.clock import StandingClock


class Unreachable(DeliveryError):
    """What an adapter raises when it does not reach its platform."""


OUTAGES = [
    Unreachable("no"),
    DeliveryError("no"),
    Uncertain("no"),
    RateLimited("429", retry_after=1, bucket="b"),
]
ANSWERS = [
    None,
    RateLimited("429", retry_after=1),
    *(
        kind("no")
        for kind in (ChannelGone, TenantGone, TenantPaused, CannotLook, MessageGone, Malformed)
    ),
]


@pytest.fixture
def clock() -> StandingClock[float]:
    return StandingClock(0.0)


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda error: type(error).__name__)
def test_a_minute_without_an_answer_is_an_outage_and_one_answer_ends_it(
    clock: StandingClock[float], outage: DeliveryError, answer: DeliveryError | None
) -> None:
    health = PlatformHealth(clock)
    health.report("chat", outage)
    assert health() == []
    clock.now = TROUBLE_AFTER
    health.report("chat", outage)
    health.report("other")
    assert health() == ["chat"]
    health.report("chat", answer)
    assert health() == []


def test_what_is_not_tried_for_long_is_not_known(clock: StandingClock[float]) -> None:
    health = PlatformHealth(clock)
    health.report("chat", Uncertain("no"))
    clock.now = TROUBLE_AFTER
    health.report("chat", Uncertain("no"))
    assert health() == ["chat"]
    clock.now += 3600
    assert health() == []


async def test_an_outage_is_announced_once_with_the_name_that_people_know_and_its_end_too(
    clock: StandingClock[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_health, "CHECK_EVERY", 0.0)
    health = PlatformHealth(clock, {"chat": "The Chat"})
    announced: list[tuple[str, str]] = []
    for at in (0.0, TROUBLE_AFTER):
        clock.now = at
        health.report("chat", Uncertain("no"))

    async def announce(platform: str, message: Message) -> None:
        announced.append((platform, message.title))
        health.report("chat")

    running = asyncio.create_task(health.run(announce))
    for _ in count():
        if len(announced) == 2:
            break
        await asyncio.sleep(0)
    running.cancel()

    assert announced == [
        ("chat", "The Chat seems to be having trouble: messages there are waiting"),
        ("chat", "The Chat takes messages again"),
    ]
