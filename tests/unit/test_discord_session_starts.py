"""Session starts on Discord's gateway: never so many that Discord resets the token."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.session_starts import (
    GOOD_SECONDS,
    LONGEST_PAUSE,
    RESERVE,
    Gateway,
    SessionStarts,
)
from tests.clock import StandingClock

DAY = 86_400.0


class SleepClock(StandingClock[float]):
    """Seconds that pass only while somebody sleeps."""

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def gateway(remaining: int = 1000, reset_after: float = DAY, shards: int = 1) -> Gateway:
    return Gateway("ws://a.example", shards, remaining, reset_after, max_concurrency=1)


async def starts_within(seconds: float, *, lasting: float, remaining: int = 1000) -> list[float]:
    """When sessions were started that each lasted so long."""
    clock = SleepClock(0.0)
    starts = SessionStarts(clock, clock.sleep)
    starts.update(gateway(remaining))
    at = []
    while clock.now < seconds:
        await starts.turn(0)
        at.append(clock.now)
        clock.now += lasting
    return at


async def test_a_flapping_gateway_is_asked_ever_less_often() -> None:
    at = await starts_within(600, lasting=0.1)
    pauses = [round(later - earlier) for earlier, later in pairwise(at)]
    assert pauses[:5] == [5, 10, 20, 40, 80]
    assert len(await starts_within(DAY, lasting=0.1)) < 1000 / 3
    assert len(await starts_within(DAY, lasting=50)) < 1000 / 3


async def test_after_a_session_that_lasted_the_next_one_starts_at_once() -> None:
    clock = SleepClock(0.0)
    starts = SessionStarts(clock, clock.sleep)
    starts.update(gateway())
    for _ in range(6):
        await starts.turn(0)
    clock.now += GOOD_SECONDS
    before = clock.now
    await starts.turn(0)
    assert clock.now == before
    await starts.turn(0)
    assert clock.now <= before + 10


@given(st.floats(0.0, 200.0))
async def test_however_long_sessions_last_a_day_takes_no_more_starts_than_there_are(
    lasting: float,
) -> None:
    assert len(await starts_within(DAY, lasting=lasting + 0.01)) <= 1000 - RESERVE + 1


async def test_what_is_left_of_a_day_is_kept_for_the_operator() -> None:
    at = await starts_within(DAY, lasting=GOOD_SECONDS, remaining=RESERVE + 3)
    assert len(at) == 4
    assert at[3] == DAY


async def test_shards_of_one_group_start_one_after_another() -> None:
    clock = SleepClock(0.0)
    starts = SessionStarts(clock, clock.sleep)
    starts.update(gateway(shards=3))
    at = []
    for shard in range(3):
        await starts.turn(shard)
        at.append(clock.now)
    assert at == [0, 5, 10]


def test_the_answer_of_discord_is_read() -> None:
    limit = {"total": 1000, "remaining": 7, "reset_after": 60_000, "max_concurrency": 16}
    found = Gateway.of({"url": "wss://g.example", "shards": 2, "session_start_limit": limit})
    assert found == Gateway("wss://g.example", 2, 7, 60.0, 16)
    assert LONGEST_PAUSE * 1000 > DAY
