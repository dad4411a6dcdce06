"""A platform that takes nothing is noticed, and spoken of on the others."""

from __future__ import annotations

import pytest

from bot.delivery.platform_health import (
    TROUBLE_AFTER,
    MonitoredMessenger,
    PlatformHealth,
    outage_words,
)
from bot.domain.errors import ChannelGone, DeliveryError, RateLimited, Uncertain
from bot.domain.message import Message
from bot.domain.subscription import Channel
from tests.servers.chat import ChatMessenger

PLACE = Channel("chat", "T1", "C1")


class Away(DeliveryError):
    """What an adapter raises when it does not reach its platform."""


class Broken(ChatMessenger):
    """Raises what it is told to."""

    error: DeliveryError | None = None

    async def say(self, channel: Channel, card: Message, key: str) -> None:
        del channel, card, key
        if self.error is not None:
            raise self.error


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def speak(attended: MonitoredMessenger) -> None:
    try:
        await attended.say(PLACE, Message("t", "p"), "k")
    except DeliveryError:
        return


@pytest.mark.parametrize(
    "silence",
    [
        Away("no"),
        DeliveryError("no"),
        Uncertain("no"),
        RateLimited("429", retry_after=1, bucket="b"),
    ],
)
async def test_a_minute_of_silence_is_trouble_and_one_answer_ends_it(
    clock: Clock, silence: DeliveryError
) -> None:
    messenger = Broken("http://127.0.0.1:1")
    platform_health = PlatformHealth(clock)
    attended = platform_health.attend(messenger)
    messenger.error = silence
    await speak(attended)
    assert platform_health() == []
    clock.now = TROUBLE_AFTER
    await speak(attended)
    assert platform_health() == [messenger.platform]
    messenger.error = ChannelGone("that one channel")
    await speak(attended)
    assert platform_health() == []


async def test_what_is_not_tried_for_long_is_not_known(clock: Clock) -> None:
    messenger = Broken("http://127.0.0.1:1")
    attended = MonitoredMessenger(messenger, clock)
    messenger.error = Away("no")
    await speak(attended)
    clock.now = TROUBLE_AFTER
    await speak(attended)
    assert attended.in_trouble
    clock.now += 3600
    assert not attended.in_trouble


def test_the_words_are_the_ones_people_know() -> None:
    assert outage_words("discord") == (
        "Discord seems to be having trouble: messages there are waiting"
    )
