"""Settlements that are written together: each is answered, whatever Redis does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.redis import settlements as module
from adapters.redis.settlements import MOST_TOGETHER, TRIES, SettlementBatch
from bot.domain.errors import StoreError

AWAY = StoreError("away")


@dataclass
class Shards:
    """Answers 1 to each claim, but for `failing` calls a shard. Each claim is one argument."""

    failing: dict[str, int] = field(default_factory=dict)
    refused: set[object] = field(default_factory=set)
    calls: list[dict[str, list[object]]] = field(default_factory=list)
    hangs: bool = False

    async def run_many(self, script: object, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        self.calls.append({base: list(arguments) for base, arguments in calls})
        if self.hangs:
            await asyncio.Event().wait()
        answers: list[Any] = []
        for base, arguments in calls:
            if self.failing.get(base, 0) > 0:
                self.failing[base] -= 1
                answers.append(AWAY)
            else:
                answers.append([0 if one in self.refused else 1 for one in arguments])
        return answers


def batch(shards: Shards) -> SettlementBatch:
    return SettlementBatch(shards)  # type: ignore[arg-type]  # what it asks of a database


async def test_settlements_of_one_moment_go_together_by_shard_and_each_gets_its_own_answer() -> (
    None
):
    shards = Shards(refused={"b", "c"})
    together = batch(shards)
    waiting = [together.add(base, [name]) for base, name in (("s1", "a"), ("s2", "b"), ("s1", "c"))]
    assert await asyncio.gather(*waiting) == [True, False, False]
    assert shards.calls == [{"s1": ["a", "c"], "s2": ["b"]}]
    assert await together.add("s1", ["d"])
    assert shards.calls[1:] == [{"s1": ["d"]}]


async def test_many_do_not_wait_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER", 3600.0)
    shards = Shards()
    together = batch(shards)
    waiting = [together.add("s1", [number]) for number in range(MOST_TOGETHER)]
    assert await asyncio.wait_for(asyncio.gather(*waiting), 10) == [True] * MOST_TOGETHER
    assert [len(call["s1"]) for call in shards.calls] == [MOST_TOGETHER]


async def test_only_what_was_not_answered_is_asked_again() -> None:
    shards = Shards(failing={"s2": 1})
    together = batch(shards)
    first, second = together.add("s1", ["a"]), together.add("s2", ["b"])
    assert await first
    assert not second.done()
    assert await second
    assert shards.calls == [{"s1": ["a"], "s2": ["b"]}, {"s2": ["b"]}]


async def test_a_settlement_that_redis_never_answers_ends_with_an_error_and_not_never() -> None:
    shards = Shards(failing={"s1": 99})
    together = batch(shards)
    waiting = [together.add("s1", [name]) for name in "ab"]
    answers = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
    assert answers == [AWAY, AWAY]
    assert len(shards.calls) == TRIES


async def test_who_gave_up_waiting_keeps_the_others_from_no_answer() -> None:
    shards = Shards()
    together = batch(shards)
    gone, waits = together.add("s1", ["a"]), together.add("s1", ["b"])
    gone.cancel()
    assert await waits


@pytest.mark.parametrize("hangs", [True, False])
async def test_when_it_is_closed_nobody_waits_for_ever(hangs: bool) -> None:
    shards = Shards(hangs=hangs, failing={} if hangs else {"s1": 99})
    together = batch(shards)
    waiting = together.add("s1", ["a"])
    async with asyncio.timeout(10):
        while not shards.calls:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)
    await together.close()
    assert waiting.cancelled()
