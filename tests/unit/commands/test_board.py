"""`board`: asked for, asked for anew, ended; and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.board import BOARD
from bot.domain.subscription import Channel, ThreadRecord
from tests.unit.commands.fakes import OPS, Room


@dataclass
class Lacking:
    """Pins of a platform that lets us pin nothing."""

    async def problem(self, channel: Channel) -> str:
        del channel
        return "I lack the permission Pin Messages"


async def subscribed() -> Room:
    room = Room()
    await room.type("subscribe api")
    return room


async def test_a_board_is_asked_for_and_ended_with_a_public_line_each() -> None:
    room = await subscribed()
    answer = await room.type("board")
    assert room.here is not None
    assert room.here.board is not None
    assert room.here.board.kept
    assert answer.public is not None
    assert answer.public.plain == "Ana put up a board here"
    assert "whoever may pin messages here can" in await room.say("board")
    assert "has a board" in await room.say("subscriptions")
    assert "its last change says so" in await room.say("board off")
    assert room.here.board is not None
    assert not room.here.board.kept
    assert "has a board" not in await room.say("subscriptions")
    assert "there is no board here" in await room.say("board off")


async def test_without_a_subscription_or_with_words_unknown_nothing_is_changed() -> None:
    assert "not subscribed" in await Room().say("board")
    room = await subscribed()
    assert "“gibberish” means here (nothing was changed)" in await room.say("board gibberish")
    assert room.here is not None
    assert room.here.board is None
    assert "nothing was changed" in await room.say("board", may_manage=False)


async def test_a_missing_permission_is_said_at_once() -> None:
    room = await subscribed()
    room.slack.pins = Lacking()
    said = await room.say("board")
    assert "It will not be pinned: I lack the permission Pin Messages." in said


async def test_where_nobody_pins_nothing_is_said_of_pins() -> None:
    room = await subscribed()
    room.commands._services.messengers = {}
    assert "pin" not in await room.say("board")


async def test_subscribing_anew_keeps_the_board() -> None:
    room = await subscribed()
    await room.type("board")
    await room.type("subscribe code partial")
    assert room.here is not None
    assert room.here.board is not None


async def test_why_and_subscriptions_say_that_a_deleted_board_is_off() -> None:
    room = await subscribed()
    await room.type("board")
    assert room.here is not None
    assert room.here.board is not None
    gone = ThreadRecord(root="", joined=room.here.board.number)
    room.threads.kept[OPS, BOARD] = gone
    says = "The board was deleted, so it is off; board puts it up anew."
    assert says in await room.say("why")
    assert says in await room.say("subscriptions")
