"""A platform that takes nothing is noticed, and spoken of on the others."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from structlog.testing import capture_logs

from bot.delivery import platform_health
from bot.delivery.platform_health import (
    FORGOTTEN_AFTER,
    TROUBLE_AFTER,
    PlatformHealth,
    announcing_in,
)
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
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import NOW, Stage


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


async def test_it_is_announced_on_the_other_platforms_alone_and_a_failure_is_only_logged() -> None:
    stage = Stage()
    announce = announcing_in(stage.platform, HERE, stage.clock)
    await announce("chat", Message("The Chat is silent", ""))
    assert stage.platform.calls == [], "it would not arrive"
    await announce("other", Message("The Other is silent", ""))
    (call,) = stage.platform.calls
    key = f"trouble/other/{NOW.isoformat()}"
    assert (call.what, call.title, call.key) == ("say", "The Other is silent", key)
    stage.platform.failing = {"say": [DeliveryError("500")]}
    with capture_logs() as logs:
        await announce("other", Message("The Other is silent", ""))
    assert [(line["event"], line["on"], line["reason"]) for line in logs] == [
        ("platform.outage_not_told", "chat", "500")
    ]


def test_each_platform_says_which_others_are_in_trouble(clock: StandingClock[float]) -> None:
    health = PlatformHealth(clock, {"chat": "The Chat"})
    for at in (0.0, TROUBLE_AFTER):
        clock.now = at
        for platform in ("chat", "other"):
            health.report(platform, Uncertain("no"))
    chat = "The Chat seems to be having trouble: messages there are waiting"
    other = "other seems to be having trouble: messages there are waiting"
    assert health.words("terminal") == [chat, other]
    assert health.words("chat") == [other]
    clock.now += FORGOTTEN_AFTER - 1
    assert health() == ["chat", "other"]
    clock.now += 1
    assert health() == []


def test_less_than_a_minute_is_no_outage_however_often_it_failed(
    clock: StandingClock[float],
) -> None:
    health = PlatformHealth(clock)
    for at in (0.0, 20.0, 40.0, TROUBLE_AFTER - 1):
        clock.now = at
        health.report("chat", Uncertain("no"))
        assert health() == []
    clock.now = TROUBLE_AFTER
    assert health() == ["chat"], "since the first failure"


async def test_an_outage_is_logged_where_nobody_is_told(
    clock: StandingClock[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_health, "CHECK_EVERY", 0.0)
    health = PlatformHealth(clock)
    for at in (0.0, TROUBLE_AFTER):
        clock.now = at
        health.report("chat", Uncertain("no"))
    with capture_logs() as logs:
        running = asyncio.create_task(health.run(None))
        while not logs:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)
        health.report("chat")
        while len(logs) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        running.cancel()
    assert [(line["event"], line["platform"]) for line in logs] == [
        ("platform.outage", "chat"),
        ("platform.recovered", "chat"),
    ]
