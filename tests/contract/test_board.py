"""A board over a real Redis and a real queue: one message, changed, pinned, ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.board import PIN, Board
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Subscription
from tests.board_kit import Wall
from tests.delivery_kit import channels, commit, incident, settled, until
from tests.servers.chat import ChatServer, Fault
from tests.servers.redis import standalone

HERE, OTHER = channels(2)
ENDED = "This board is not kept any more"


@pytest.fixture
def redis_url() -> Iterator[str]:
    with standalone() as one:
        yield one.url


async def test_a_board_is_one_message_that_is_pinned_and_changed(redis_url: str) -> None:
    async with ChatServer() as server:
        wall = Wall(redis_url, server, HERE)
        async with wall.bot() as bot:
            assert not await bot.store.stream.has_boards()
            await wall.ask(bot.store)
            await settled(bot.store)  # asked for is enough: nobody has to look first
            assert [m.shown for m in wall.boards] == [["The API is up"]]
            wall.severity = Severity.MAJOR
        async with wall.bot() as one, wall.bot() as two:
            for bot in (one, two, one):
                await wall.deliver(bot)
            await wall.ask(one.store, surfaces=frozenset({"code"}))
            await wall.deliver(one)
        (board,) = wall.boards
        assert board.shown[:2] == ["The API is up", "The API is down"]
        assert len(board.shown) == 3
        assert wall.pinned == [board]
        assert server.pin_lines == 1


async def test_what_changes_nothing_on_it_changes_it_not(redis_url: str) -> None:
    async with ChatServer() as server:
        wall = Wall(redis_url, server, HERE)
        async with wall.bot() as bot:
            await wall.ask(bot.store)
            wall.now += timedelta(minutes=1)
            await wall.deliver(bot)
            await wall.ask(bot.store, mention="<@U1>")
            await wall.deliver(bot)
            assert [len(m.shown) for m in wall.boards] == [1]
            wall.now += timedelta(hours=1)
            await wall.deliver(bot)
            assert [len(m.shown) for m in wall.boards] == [2]  # its age says that we run


async def test_an_incident_is_linked_once_it_has_its_thread(redis_url: str) -> None:
    async with ChatServer() as server:
        wall = Wall(redis_url, server, HERE)
        async with wall.bot() as bot:
            await wall.ask(bot.store)
            told = incident(EventKind.OPENED)
            wall.incidents = (told,)
            await wall.deliver(bot)  # before the root
            before = (await wall.record(bot.store)).content
            await wall.deliver(bot)
            assert (await wall.record(bot.store)).content == before
            await commit(bot.store, told)
            await bot.fanout.read_events()
            await wall.deliver(bot)
            assert (await wall.record(bot.store)).content != before
            shown = len(wall.boards[0].shown)
            await wall.deliver(bot)
            assert len(wall.boards[0].shown) == shown


async def test_a_board_that_cannot_be_pinned_is_kept_and_pinned_once_it_can(redis_url: str) -> None:
    async with ChatServer() as server:
        wall = Wall(redis_url, server, HERE, refusal="no right to")
        async with wall.bot() as bot:
            await wall.ask(bot.store)
            await wall.deliver(bot)
            assert (await wall.record(bot.store)).replies == {PIN: "no right to"}
        wall.refusal, wall.severity = "", Severity.MAJOR
        async with wall.bot() as bot:
            await wall.deliver(bot)
        assert [m.shown[-1] for m in wall.pinned] == ["The API is down"]


async def test_who_deletes_it_ends_it_until_it_is_asked_for_again(redis_url: str) -> None:
    async with ChatServer() as server:
        wall = Wall(redis_url, server, HERE)
        async with wall.bot() as bot:
            await wall.ask(bot.store)
            await wall.deliver(bot)
            server.messages.clear()
            wall.severity = Severity.MAJOR
            await wall.deliver(bot)
            wall.severity = Severity.PARTIAL
            await wall.deliver(bot)
            assert wall.boards == []
            assert (await wall.record(bot.store)).root == ""
            assert wall.asked.board is not None
            await wall.ask(bot.store, board=Board(wall.asked.board.since + timedelta(seconds=1)))
            await wall.deliver(bot)
        assert [m.shown for m in wall.pinned] == [["The API is partly down"]]


@pytest.mark.parametrize("unsubscribes", [False, True])
async def test_its_end_is_said_on_it_and_it_is_unpinned(redis_url: str, unsubscribes: bool) -> None:
    async with ChatServer() as server:
        wall = Wall(redis_url, server, HERE)
        async with wall.bot() as bot:
            await wall.ask(bot.store)
            await bot.store.subscriptions.put(Subscription(OTHER))
            await wall.deliver(bot)
            assert wall.asked.board is not None
            if unsubscribes:
                await bot.store.subscriptions.remove(HERE)
            else:
                await wall.ask(bot.store, board=replace(wall.asked.board, kept=False))
            await wall.deliver(bot)
            wall.severity = Severity.MAJOR
            await wall.deliver(bot)
            assert await bot.store.stream.has_boards() is not unsubscribes
        (board,) = wall.boards
        assert board.shown == ["The API is up", ENDED]
        assert wall.pinned == []


async def test_a_board_whose_answer_was_lost_gets_its_end_after_unsubscribing(
    redis_url: str,
) -> None:
    subscribed, asked = True, list[str]()

    def faults(what: str, _: str) -> Fault | None:
        asked.append(what)
        if what == "say":
            return Fault.DROP_TAKEN
        return Fault.ERROR if what == "find" and subscribed else None

    async with ChatServer(faults) as server:
        wall = Wall(redis_url, server, HERE)
        wall.now += timedelta(
            hours=2
        )  # a board is looked for since it was asked for, not since now
        async with wall.bot() as bot:
            await wall.ask(bot.store)
            bot.worker.wake()
            await until(lambda: "find" in asked)
            await bot.store.subscriptions.remove(HERE)
            subscribed = False
            await wall.deliver(bot)
        assert [m.shown for m in wall.boards] == [["The API is up", ENDED]]


async def test_put_up_anew_it_is_another_message_and_the_old_one_says_so(redis_url: str) -> None:
    async with ChatServer() as server:
        wall = Wall(redis_url, server, HERE)
        async with wall.bot() as bot:
            await wall.ask(bot.store)
            await wall.deliver(bot)
            assert wall.asked.board is not None
            await wall.ask(bot.store, board=Board(wall.asked.board.since + timedelta(minutes=1)))
            await wall.deliver(bot)
        old, new = wall.boards
        assert old.shown[-1] == ENDED
        assert new.shown == ["The API is up"]
        assert wall.pinned == [new]
