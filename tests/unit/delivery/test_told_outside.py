"""What a key in the queue stands for where no thread is meant: reminders, digests, boards …"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest

from bot.delivery.blindness import BlindnessNews
from bot.delivery.board import BoardNews
from bot.delivery.cache import TimedCache
from bot.delivery.digests import DigestNews
from bot.delivery.escalation import Untaken, UntakenNews
from bot.delivery.reminders import ReminderNews
from bot.delivery.subjects import task_of
from bot.domain.blindness import Blindness
from bot.domain.board import BOARD, Board, BoardState
from bot.domain.digest import DigestDue, DigestTime
from bot.domain.errors import Malformed
from bot.domain.message import Button, Lines, Message, Text
from bot.domain.page import Severity
from bot.domain.quiet import Period
from bot.domain.state import State
from bot.domain.subscription import Channel, Reason, Reminder, Subscription, ThreadRecord
from bot.domain.taker import Escalation, Taker
from bot.status.digest import Digest
from tests.delivery_kit import NamedMessages
from tests.unit.delivery.claimed import STANDS, TOLD, People, task, view
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import ASKED, HOUR, NOW, Stage


async def test_a_reminder_comes_with_what_is_up_now() -> None:
    reminder = Reminder(HERE, "U1", ("api",), NOW - HOUR)
    stage = Stage(None, views=TimedCache(view, 0.0))
    found = await task(stage, reminder)
    assert isinstance(found.subject, ReminderNews)
    assert found.plan(NOW).reason is Reason.DUE
    found = await task(Stage(None), reminder)
    assert found.plan(NOW).reason is Reason.NOT_BACK, "nothing is known to be back"
    forgotten = stage.claim(reminder)
    pending = replace(forgotten.pending[0], reminder=None)
    assert (await task_of(stage.context, forgotten, pending)).subject is None


async def test_a_person_is_told_once_and_then_forgotten() -> None:
    reminder = Reminder(HERE, "U1", ("api",), NOW - HOUR)
    stage = Stage(None, views=TimedCache(view, 0.0))
    settlement = await stage.serve(reminder)
    assert stage.platform.said() == ["back: api"]
    assert settlement is not None
    assert [update.forget for update in settlement.updates] == [True]
    assert (stage.context.counts.reminded, stage.context.counts.noticed) == (1, 0)
    waiting = await Stage(None).serve(reminder)
    assert waiting is not None
    assert [update.forget for update in waiting.updates] == [False]


async def test_a_blindness_is_told_while_it_is_the_last_one_of_its_page() -> None:
    lost = Blindness("claude", NOW - HOUR, NOW, worst=Severity.MAJOR)
    stage = Stage()
    stage.store.states["claude"] = State("claude", NOW, NOW, blindness=lost)
    found = await task(stage, lost)
    assert isinstance(found.subject, BlindnessNews)
    assert (await task(stage, replace(lost, since=NOW))).subject is None
    await stage.serve(lost)
    assert [(call.what, call.title, call.key) for call in stage.platform.calls] == [
        ("say", "cannot see", f"{HERE}/{lost.key}")
    ]
    assert (stage.context.counts.reminded, stage.context.counts.noticed) == (0, 1)


@pytest.mark.parametrize(
    ("takers", "root", "reason"),
    [
        ({}, STANDS, Reason.DUE),
        ({"chat/T1": Taker("U1", "Ada", NOW)}, STANDS, Reason.TOLD),
        ({"chat/T2": Taker("U1", "Ada", NOW)}, STANDS, Reason.DUE),
        ({}, None, Reason.QUIET),
    ],
)
async def test_somebody_is_called_unless_a_person_of_this_workspace_is_on_it(
    takers: Mapping[str, Taker], root: ThreadRecord | None, reason: Reason
) -> None:
    asked = replace(ASKED, escalation=Escalation(30, "<@U9>"))
    told = replace(TOLD, id="a:b")  # ids are the provider's own
    stage = Stage(asked, takers=People({told.key: takers}))
    stage.store.incidents[told.key] = told
    if root is not None:
        stage.queue.threads[told.key] = root
    found = await task(stage, Untaken(told.key))
    assert isinstance(found.subject, UntakenNews)
    assert found.plan(NOW).reason is reason


async def test_a_call_that_nobody_can_answer_is_made_all_the_same() -> None:
    stage = Stage(replace(ASKED, escalation=Escalation(30, "<@U9>")))
    stage.queue.threads[TOLD.key] = STANDS
    assert (await task(stage, Untaken(TOLD.key))).subject is None, "nobody knows the incident"
    stage.store.incidents[TOLD.key] = TOLD
    settlement = await stage.serve(Untaken(TOLD.key))
    (call,) = stage.platform.calls
    assert (call.what, call.title, call.mention) == ("say", f"untaken {TOLD.key}", "<@U9>")
    assert settlement is not None
    assert settlement.updates[0].version == "1:untaken"


async def test_what_is_put_off_is_looked_at_again() -> None:
    stage = Stage(replace(ASKED, escalation=Escalation(90, "<@U9>")))
    stage.queue.threads[TOLD.key] = STANDS
    stage.store.incidents[TOLD.key] = TOLD
    settlement = await stage.serve(Untaken(TOLD.key))
    assert stage.platform.calls == []
    assert settlement is not None
    (update,) = settlement.updates
    assert (update.settled, update.version) == (True, "")


async def test_a_digest_is_of_this_channel_and_of_its_period() -> None:
    asked: list[tuple[Subscription, Period]] = []

    async def digest_for(subscription: Subscription, period: Period) -> Digest:
        asked.append((subscription, period))
        return Digest(period, (TOLD,))

    due = DigestDue(Period(NOW - 24 * HOUR, NOW))
    wants = replace(ASKED, digest=DigestTime(time(12), "UTC"))
    stage = Stage(wants, digest_for=digest_for)
    found = await task(stage, due)
    assert isinstance(found.subject, DigestNews)
    assert asked == [(wants, due.period)]
    await stage.serve(due)
    assert stage.platform.said() == [f"digest: {TOLD.key}"]
    assert (await task(Stage(wants), due)).subject is None
    assert (await task(Stage(None, digest_for=digest_for), due)).subject is None


async def test_a_board_shows_the_view_and_waits_for_threads_that_are_still_to_come() -> None:
    asked = replace(ASKED, board=Board(NOW - HOUR))
    state = BoardState("1:x")
    stage = Stage(asked, views=TimedCache(view, 0.0))
    found = await task(stage, state)
    assert isinstance(found.subject, BoardNews)
    assert not found.subject.is_final(Reason.TOLD), "the root of the incident is not sent yet"
    stage.queue.threads[TOLD.key] = STANDS
    found = await task(stage, state)
    assert isinstance(found.subject, BoardNews)
    assert found.subject.is_final(Reason.TOLD)
    assert (found.subject.revision, found.subject.begun_at) == (asked.board.number, NOW - HOUR)  # type: ignore[union-attr]
    await stage.serve(state)
    assert [call.key for call in stage.platform.calls] == [f"{HERE}/{BOARD}{asked.board.number}"]  # type: ignore[union-attr]
    assert (await task(Stage(asked), state)).subject is None


async def test_a_form_that_is_refused_outside_threads_is_said_plainly() -> None:
    class Whole(NamedMessages):
        def of_reminder(self, reminder: Reminder, now: datetime) -> Message:
            parts = (Lines(((Text("back"),),)),)
            return Message("back", "in words", blocks=parts, buttons=(Button("a", "b", "c"),))

    stage = Stage(None, views=TimedCache(view, 0.0))
    stage.context.messages = Whole()
    sent: list[Message] = []
    say = stage.platform.say

    async def seen(channel: Channel, card: Message, key: str, **more: Any) -> str:
        sent.append(card)
        return await say(channel, card, key, **more)

    stage.platform.say = seen  # type: ignore[method-assign]
    stage.platform.failing = {"say": [Malformed("invalid_blocks")]}
    settlement = await stage.serve(Reminder(HERE, "U1", ("api",), NOW - HOUR))
    whole, plain = sent
    assert whole.blocks
    assert (plain.blocks, plain.buttons, plain.plain) == ((), (), "in words")
    assert settlement is not None
    assert settlement.updates[0].forget


class Pins:
    """Notes what is pinned and unpinned."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Channel, str]] = []

    async def problem(self, channel: Channel) -> str:
        return ""

    async def pin(self, channel: Channel, message: str) -> str:
        self.done.append(("pin", channel, message))
        return ""

    async def unpin(self, channel: Channel, message: str) -> None:
        self.done.append(("unpin", channel, message))


async def test_a_board_is_sent_pinned_changed_and_ended_as_one_message() -> None:
    asked = replace(ASKED, board=Board(NOW - HOUR))
    stage = Stage(asked, views=TimedCache(view, 0.0))
    pins = Pins()
    stage.platform.pins = pins  # type: ignore[assignment]
    state = BoardState("1:x")
    await stage.serve(state)
    (sent,) = stage.platform.calls
    assert (sent.what, sent.mention) == ("say", None)
    assert pins.done == [("pin", HERE, "m1")]
    stage.queue.threads[BOARD] = replace(stage.record(state), content="something else")
    await stage.serve(state)
    stage.subscription = replace(asked, board=replace(Board(NOW - HOUR), kept=False))
    await stage.serve(state)
    changes = [(call.what, call.place, call.key) for call in stage.platform.calls[1:]]
    assert changes == [("revise", ">m1", sent.key)] * 2
    assert pins.done[1:] == [("unpin", HERE, "m1")]
    assert stage.context.counts.revised == 2
    assert stage.context.counts.noticed == 1
    assert stage.record(state).closed


async def test_the_board_of_a_channel_that_left_ends_by_the_number_that_the_queue_knows() -> None:
    stage = Stage(None, views=TimedCache(view, 0.0))
    state = BoardState("77:x")
    stage.queue.threads[BOARD] = ThreadRecord(root="m1", joined=77)
    found = await task(stage, state)
    assert isinstance(found.subject, BoardNews)
    began = datetime.fromtimestamp(77, UTC)
    assert (found.subject.revision, found.subject.begun_at) == (77, began)
    assert not found.subject.plan(stage.record(state), None, NOW).sends
    await stage.serve(state)
    assert [(call.what, call.key) for call in stage.platform.calls] == [
        ("revise", f"{HERE}/{BOARD}77")
    ]
