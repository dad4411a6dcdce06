"""A board while something dies at every step in turn: one message, pinned once, never stale."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.redis.store import Store, open_store
from bot.domain.board import Board
from bot.domain.page import Severity
from bot.domain.subscription import Channel
from tests.board_kit import Wall, either
from tests.chaos.story import Death
from tests.servers.chat import ChatServer
from tests.servers.redis import standalone

TOGETHER = 6
READS = 3  # what is only read is interrupted so often
ENDED = "This board is not kept any more"


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with standalone("--databases", "500") as node:
        yield node.url


async def deliver(wall: Wall, store: Store, death: Death) -> None:
    """Let a bot bring the board up to date; if it dies, another one does."""
    async with wall.bot(death) as bot:
        death.armed = not death.came.is_set()
        await either(wall.deliver(bot, store), death.came.wait())
        if death.armed and death.came.is_set():
            await bot.freeze()
        death.armed = False
    async with wall.bot() as bot:
        await wall.deliver(bot)


async def live(wall: Wall, death: Death) -> list[object]:
    """Put a board up, change it, end it; return what stands after each."""
    found: list[object] = []
    async with open_store(wall.url) as store:
        await wall.ask(store)
        await deliver(wall, store, death)
        wall.severity = Severity.MAJOR
        await deliver(wall, store, death)
        found += [[m.shown[-1] for m in wall.boards], len(wall.pinned)]
        assert wall.asked.board is not None
        await wall.ask(store, board=replace(wall.asked.board, kept=False))
        await deliver(wall, store, death)
        found += [[m.shown[-1] for m in wall.boards], len(wall.pinned)]
    return found


@pytest.mark.chaos
@pytest.mark.timeout(300)
async def test_a_crash_at_any_step_leaves_one_board_that_shows_the_last_truth(
    redis_url: str,
) -> None:
    right = [["The API is down"], 1, [ENDED], 0]

    async def tell(number: int, death: Death) -> None:
        async with ChatServer() as server, turn:
            channel = Channel(f"chat{number}", f"T{number}", "C1")
            wall = Wall(f"{redis_url}?db={number}", server, channel, lease=0.8, send_seconds=0.3)
            assert await live(wall, death) == right, f"died at {death.point} ({death.nth})"
            assert server.pin_lines == 1

    turn = asyncio.Semaphore(TOGETHER)
    alive = Death()
    await tell(0, alive)
    deaths = [
        Death(point, nth)
        for point, times in Counter(alive.steps).items()
        for nth in range(1, (min(times, READS) if _reads(point) else times) + 1)
    ]
    await asyncio.gather(*(tell(number, one) for number, one in enumerate(deaths, start=1)))
    assert not [d for d in deaths if not d.came.is_set() and "messenger" in d.point]
    assert {"say", "pin", "revise", "unpin"} <= {d.point.rpartition(".")[2] for d in deaths}


@pytest.mark.chaos
@pytest.mark.parametrize("how", ["off", "unsubscribed", "anew"])
@pytest.mark.parametrize("dies", ["before messenger.say", "after messenger.say", ""])
async def test_what_ends_while_the_first_message_is_sent_has_its_end_on_it(
    redis_url: str, dies: str, how: str
) -> None:
    """The process dies at that moment, or lives (""); a board that was sent says that it ended."""
    async with ChatServer() as server, open_store(redis_url) as store:
        channel = Channel(f"{how}{len(dies)}", "T1", "C1")
        wall = Wall(redis_url, server, channel, lease=0.8, send_seconds=0.3)
        # Long ago by our clock: the message is as old as the lease is long, and looked for.
        wall.now += timedelta(hours=2)

        async def end() -> None:
            assert wall.asked.board is not None
            match how:
                case "unsubscribed":
                    assert await store.subscriptions.remove(channel)
                case "anew":
                    later = wall.asked.board.since + timedelta(hours=1)
                    await wall.ask(store, board=Board(later))
                case _:
                    await wall.ask(store, board=replace(wall.asked.board, kept=False))

        died = asyncio.Event()

        async def ends_there(point: str) -> None:
            if point == (dies or "after messenger.say") and not died.is_set():
                await end()
                died.set()
                if dies:
                    await asyncio.Event().wait()  # nothing of this process goes on from here

        await wall.ask(store)
        async with wall.bot(ends_there) as bot:
            bot.worker.wake()
            if dies:
                await died.wait()
                await bot.freeze()
            else:
                await wall.deliver(bot, store)
        async with wall.bot() as bot:
            await wall.deliver(bot, store)
        assert died.is_set()
        anew = ["The API is up"] if how == "anew" else []
        sent = [] if dies == "before messenger.say" else [ENDED]
        assert [m.shown[-1] for m in wall.boards] == [*sent, *anew]
        assert [m.shown[-1] for m in wall.pinned] == anew


def _reads(point: str) -> bool:
    reads = {"hget", "hmget", "hvals", "smembers", "exists", "get", "zrangebyscore"}
    return point.rpartition(".")[2] in reads
