"""What is searched for of messages outside threads, before they are sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from bot.delivery.blindness import SEEN_AGAIN
from bot.delivery.cache import TimedCache
from bot.delivery.escalation import Untaken
from bot.delivery.queue import Outcome, PendingThread, Unconfirmed
from bot.delivery.quiet_end import QuietEnd, summed_up_as
from bot.delivery.recovery import MARGIN, SKEW, given_up, unconfirmed_since
from bot.delivery.reminders import ReminderNews, reminder_key
from bot.delivery.subjects import SubjectTask
from bot.domain.blindness import Blindness
from bot.domain.errors import CannotLook, Uncertain
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.quiet import Period, QuietHours
from bot.domain.state import State
from bot.domain.subscription import Reminder, ThreadRecord
from bot.domain.taker import Escalation
from tests.delivery_kit import incident
from tests.unit.delivery.claimed import STANDS, view
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import ASKED, HOUR, MINUTE, NOW, SECOND, Stage

LOST = Blindness("claude", NOW - HOUR, NOW - HOUR, worst=Severity.MAJOR)
SEEN = replace(LOST, ended_at=NOW - MINUTE)
FIRST, SECOND_KEY = f"{HERE}/{LOST.key}", f"{HERE}/{LOST.key}/{SEEN_AGAIN}"
REMINDER = Reminder(HERE, "U1", ("api",), NOW - HOUR)


def lost_from_sight(blindness: Blindness) -> Stage:
    stage = Stage()
    stage.store.states["claude"] = State("claude", NOW, NOW, blindness=blindness)
    return stage


async def test_a_message_that_stands_there_is_recorded_and_not_sent_again() -> None:
    stage = lost_from_sight(LOST)
    stage.platform.stands = {FIRST: "m7"}
    settlement = await stage.serve(LOST, unconfirmed_since=NOW)
    assert stage.platform.searches == [(None, {FIRST, SECOND_KEY}, NOW - MARGIN)]
    assert stage.platform.calls == []
    assert settlement is not None
    assert settlement.unconfirmed is Unconfirmed.CLEARED
    thread = settlement.updates[0].thread
    assert (thread.root, thread.replies, thread.searched_at) == ("m7", {}, NOW)
    assert stage.context.counts.adopted == 1


async def test_it_is_searched_for_from_when_it_can_have_been_sent() -> None:
    stage = lost_from_sight(LOST)
    await stage.serve(LOST, unconfirmed_since=NOW - 9 * HOUR)
    assert stage.platform.searches[0][2] == LOST.noticed_at - MARGIN
    assert stage.platform.said() == ["cannot see"]


async def test_both_messages_are_known_by_their_names() -> None:
    stage = lost_from_sight(SEEN)
    stage.platform.stands = {FIRST: "m7", SECOND_KEY: "m8"}
    stage.queue.threads[SEEN.key] = ThreadRecord(root="m7", joined=1)
    settlement = await stage.serve(SEEN, unconfirmed_since=NOW)
    assert stage.platform.calls == []
    assert settlement is not None
    thread = settlement.updates[0].thread
    assert (thread.root, thread.replies) == ("m7", {SEEN_AGAIN: "m8"})


async def test_who_may_have_been_told_that_we_cannot_see_is_told_that_we_can() -> None:
    stage = lost_from_sight(SEEN)
    stage.platform.stands = {FIRST: "m7"}
    await stage.serve(SEEN, unconfirmed_since=NOW)
    assert stage.platform.said() == ["can see again"]
    stage = lost_from_sight(SEEN)
    await stage.serve(SEEN, unconfirmed_since=NOW)
    assert len(stage.platform.searches) == 1
    assert stage.platform.calls == [], "nobody was told"
    stage = lost_from_sight(SEEN)
    told = ThreadRecord(root="m7", joined=1, replies={SEEN_AGAIN: "m8"})
    stage.queue.threads[SEEN.key] = told
    await stage.serve(SEEN, unconfirmed_since=NOW)
    assert stage.platform.searches == [], "nothing is owed"


async def test_of_several_subjects_each_is_searched_for_that_is_owed() -> None:
    stage = Stage()
    told = incident(EventKind.OPENED, at=NOW)
    await stage.told(told)
    other = replace(told, id="x2")
    stage.platform.stands = {f"{HERE}/{other.key}/root": "m9"}
    settlement = await stage.serve(told, other, unconfirmed_since=NOW)
    assert stage.platform.said() == ["root claude/x2 r1"], "it may show something older"
    assert stage.record(other).root == "m9"
    assert settlement is not None
    assert stage.context.counts.searched == 1


async def test_where_it_cannot_be_searched_nothing_is_said_twice_but_for_what_must_not_fail() -> (
    None
):
    stage = lost_from_sight(LOST)
    stage.platform.failing = {"find": [CannotLook("missing_scope")]}
    settlement = await stage.serve(LOST, unconfirmed_since=NOW)
    assert stage.platform.calls == []
    assert settlement is not None
    assert (settlement.outcome, settlement.updates[0].thread.root) == (Outcome.DONE, "")
    told = incident(EventKind.OPENED, at=NOW - HOUR)
    stage = Stage(replace(ASKED, escalation=Escalation(30, "<@U9>")))
    stage.store.incidents[told.key] = told
    stage.queue.threads[told.key] = STANDS
    stage.platform.failing = {"find": [CannotLook("missing_scope")]}
    await stage.serve(Untaken(told.key), unconfirmed_since=NOW)
    assert stage.platform.said() == [f"untaken {told.key}"]


async def test_a_reminder_is_searched_for_by_a_name_of_its_own() -> None:
    stage = Stage(None, views=TimedCache(view, 0.0))
    stage.platform.lost = {"say": [Uncertain("timeout")]}
    await stage.serve(REMINDER)
    settlement = await stage.serve(REMINDER, unconfirmed_since=NOW)
    assert stage.platform.searches == [(None, {reminder_key(REMINDER)}, NOW - MARGIN)]
    assert stage.platform.said() == ["back: api"]
    assert settlement is not None
    assert settlement.updates[0].forget


def test_an_announcement_of_a_lost_minute_is_searched_for_as_an_event_is() -> None:
    lost = (NOW - 2 * MINUTE, NOW - MINUTE)
    for asked_at, searched, expected in (
        (NOW - HOUR, None, lost[0]),
        (NOW - MINUTE + SKEW - SECOND, None, lost[0]),
        (NOW - MINUTE + SKEW, None, None),
        (NOW - HOUR, NOW - MINUTE - SECOND, lost[0]),
        (NOW - HOUR, NOW - MINUTE, None),
    ):
        reminder = replace(REMINDER, asked_at=asked_at)
        record = ThreadRecord(searched_at=searched)
        pending = PendingThread(reminder.key, reminder.version, record)
        task = SubjectTask(pending, ReminderNews(reminder, lambda _: None), None, record)
        assert unconfirmed_since(Stage(None).claim(reminder, lost=lost), task) == expected
    assert given_up(task, NOW) is task.thread, "it says nothing now: nothing is given up"


NIGHT = QuietHours(time(10), time(11, 30), "UTC")


async def test_what_a_summary_says_is_recorded_before_it_is_sent() -> None:
    told = incident(EventKind.OPENED, at=NOW - HOUR)
    stage = Stage(replace(ASKED, quiet=NIGHT))
    stage.store.states["claude"] = State("claude", NOW, NOW, incidents={told.id: told})
    end = QuietEnd(Period(NOW - 2 * HOUR, NOW - 30 * MINUTE))
    settlement = await stage.serve(end)
    (hold,) = stage.queue.settled
    assert hold.updates[0].thread.replies == {summed_up_as(told): ""}
    assert hold.updates[0].thread.root is None
    (call,) = stage.platform.calls
    assert (call.what, call.title, call.mention) == ("say", f"goes on: {told.key}", "<@U1>")
    assert settlement is not None
    assert settlement.updates[0].thread.root == "m1"
