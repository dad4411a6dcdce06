"""What is searched for before anything is sent again, and what is made of what is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.queue import Outcome, PendingThread, Unconfirmed
from bot.delivery.recovery import MARGIN, SKEW, adopt_replies, given_up, unconfirmed_since
from bot.delivery.subjects import SubjectTask
from bot.domain.errors import CannotLook, RateLimited, Uncertain
from bot.domain.incident import EventKind, Incident
from bot.domain.subscription import ThreadRecord
from tests.delivery_kit import incident, more
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import ASKED, HOUR, MINUTE, NOW, SECOND, Stage

OPENED = incident(EventKind.OPENED, at=NOW)
WORSE = more(OPENED, EventKind.WORSE, at=NOW)
LATER = more(WORSE, EventKind.UPDATE, EventKind.UPDATE, at=NOW)
ROOT = f"{HERE}/claude/x1/root"


def key(name: str) -> str:
    return f"{HERE}/claude/x1/{name}"


NOTHING = ThreadRecord()


def task(told: Incident | None, thread: ThreadRecord = NOTHING) -> SubjectTask:
    return SubjectTask(PendingThread("claude/x1", "1:x", thread), told, ASKED, thread)


async def test_what_was_sent_without_a_record_is_found_and_not_sent_again() -> None:
    stage = Stage()
    stage.platform.stands = {ROOT: "m7", key("u2"): "m8"}
    settlement = await stage.serve(WORSE, unconfirmed_since=NOW + MINUTE, first=2)

    assert stage.platform.searches[0] == (None, {ROOT}, NOW + MINUTE - MARGIN)
    assert settlement is not None
    assert settlement.unconfirmed is Unconfirmed.CLEARED
    thread = settlement.updates[0].thread
    assert (thread.root, thread.searched_at, thread.replies) == ("m7", NOW, {"u2": "m8"})
    assert stage.platform.said() == ["root claude/x1 r2"]
    counts = stage.context.counts
    assert (counts.searched, counts.opened, counts.adopted) == (1, 0, 2)


async def test_nothing_is_searched_for_that_was_sent_before_the_incident_began() -> None:
    stage = Stage()
    await stage.serve(OPENED, unconfirmed_since=NOW - HOUR)
    assert stage.platform.searches == [(None, {ROOT}, NOW - MARGIN)]
    assert stage.platform.said() == ["root claude/x1 r1"], "not found: it is sent"


async def test_only_what_is_owed_is_searched_for() -> None:
    stage = Stage()
    await stage.told(WORSE)
    settlement = await stage.serve(WORSE, unconfirmed_since=NOW)
    assert stage.platform.searches == []
    assert settlement is not None
    assert settlement.unconfirmed is Unconfirmed.CLEARED
    assert stage.context.counts.searched == 0
    settlement = await stage.serve(WORSE)
    assert settlement is not None
    assert settlement.unconfirmed is Unconfirmed.UNCHANGED


async def test_replies_are_searched_for_in_their_thread_by_all_names_they_may_have() -> None:
    stage = Stage()
    await stage.told(OPENED)
    await stage.serve(WORSE, unconfirmed_since=NOW)
    assert stage.platform.searches == [("m1", {key("u2"), key("until/u2")}, NOW - MARGIN)]
    assert stage.platform.said() == ["reply u2 r2", "root claude/x1 r2"]


async def test_a_catch_up_that_is_found_tells_all_until_its_last_event() -> None:
    stage = Stage()
    await stage.told(OPENED)
    stage.platform.stands[key("until/u3")] = "m9"
    settlement = await stage.serve(LATER, unconfirmed_since=NOW)
    assert stage.platform.said("reply") == ["reply u4 r4"]
    assert settlement is not None
    thread = settlement.updates[0].thread
    assert {name: thread.replies[name] for name in ("u2", "u3")} == {"u2": "", "u3": ""}


def test_a_reply_that_is_found_keeps_its_reference_beside_a_catch_up() -> None:
    thread = ThreadRecord(root="m1", joined=3, replies={"u1": "m0"})
    found = {key("u2"): "m2", key("until/u3"): "m3"}
    adopted = adopt_replies(HERE, thread, LATER, found)
    assert adopted.replies == {"u1": "m0", "u2": "m2", "u3": ""}
    assert adopted.joined == 1, "the root was sent before these: what lies between is due"
    none = adopt_replies(HERE, thread, LATER, {})
    assert (none.replies, none.joined) == (thread.replies, 3)


async def test_a_search_that_is_put_off_sends_nothing_meanwhile() -> None:
    stage = Stage()
    stage.platform.failing = {"find": [RateLimited("429", retry_after=60)]}
    settlement = await stage.serve(OPENED, unconfirmed_since=NOW)
    assert stage.platform.calls == []
    assert settlement is not None
    assert (settlement.outcome, settlement.delay) == (Outcome.LATER, 60)
    assert settlement.unconfirmed is Unconfirmed.UNCHANGED, "it is still to be searched for"


async def test_a_search_that_is_not_answered_is_a_failure_in_a_row() -> None:
    stage = Stage()
    stage.platform.failing = {"find": [Uncertain("timeout")]}
    settlement = await stage.serve(OPENED, unconfirmed_since=NOW, failures=3)
    assert settlement is not None
    assert settlement.failures == 4


@pytest.mark.parametrize(("found", "failures"), [(True, 1), (False, 8)])
async def test_only_a_search_that_finds_something_says_that_messages_are_taken(
    found: bool, failures: int
) -> None:
    stage = Stage()
    await stage.told(OPENED)
    stage.platform.stands = {key("u2"): "m2"} if found else {}
    stage.platform.failing = {"reply": [Uncertain("503")], "revise": [Uncertain("503")]}
    settlement = await stage.serve(WORSE, unconfirmed_since=NOW, failures=7)
    assert settlement is not None
    assert settlement.failures == failures


async def test_where_it_cannot_be_searched_a_root_comes_twice_rather_than_never() -> None:
    stage = Stage()
    stage.platform.failing = {"find": [CannotLook("missing_scope")]}
    settlement = await stage.serve(WORSE, unconfirmed_since=NOW)
    assert stage.platform.said("open") == ["root claude/x1 r2"]
    (hold,) = stage.queue.settled
    assert (hold.unconfirmed, hold.updates[0].thread.searched_at) == (Unconfirmed.CLEARED, NOW)
    assert settlement is not None
    assert settlement.unconfirmed is Unconfirmed.UNCHANGED, "it is known by now"


async def test_where_it_cannot_be_searched_a_reply_is_rather_left_out_since_the_root_says_it() -> (
    None
):
    stage = Stage()
    await stage.told(OPENED)
    stage.platform.failing = {"find": [CannotLook("missing_scope")]}
    settlement = await stage.serve(more(LATER, EventKind.CORRECTED, at=NOW), unconfirmed_since=NOW)
    assert stage.platform.said() == ["root claude/x1 r5"]
    assert settlement is not None
    assert set(settlement.updates[0].thread.replies) == {"u2", "u3", "u4", "u5"}
    assert set(settlement.updates[0].thread.replies.values()) == {""}


async def test_a_root_that_was_found_is_kept_where_its_thread_cannot_be_searched() -> None:
    stage = Stage()
    stage.platform.stands = {ROOT: "m7"}
    find, tried = stage.platform.find, []

    async def once(*asked: object) -> object:
        tried.append(asked)
        if len(tried) > 1:
            raise CannotLook("missing_scope")
        return await find(*asked)  # type: ignore[arg-type]

    stage.platform.find = once  # type: ignore[method-assign, assignment]
    settlement = await stage.serve(WORSE, unconfirmed_since=NOW, first=1)
    assert settlement is not None
    assert settlement.updates[0].thread.root == "m7"
    assert stage.platform.said() == ["root claude/x1 r2"]


def test_of_what_nobody_knows_nothing_is_given_up_or_searched() -> None:
    nothing = task(None)
    assert given_up(nothing, NOW) is nothing.thread
    known = task(OPENED)
    assert given_up(known, NOW) is known.thread
    claim = Stage().claim(OPENED, lost=(NOW - HOUR, NOW))
    assert unconfirmed_since(claim, nothing) is None


# --- after the store lost what was written last ----------------------------------------------

LOST = (NOW - 2 * MINUTE, NOW - MINUTE)


@pytest.mark.parametrize(
    ("begun", "seen", "searched", "expected"),
    [
        (-3 * MINUTE, -3 * MINUTE, None, True),
        (-MINUTE + SKEW - SECOND, HOUR, None, True),
        (-MINUTE + SKEW, HOUR, None, False),  # it began after what was lost
        (-3 * MINUTE, -3 * MINUTE, -MINUTE, False),  # searched since
        (-3 * MINUTE, -3 * MINUTE, -MINUTE - SECOND, True),
        # A search before the engine saw the event again was not for that event.
        (-3 * MINUTE, HOUR, HOUR + SKEW - SECOND, True),
        (-3 * MINUTE, HOUR, HOUR + SKEW, False),
    ],
)
def test_what_may_have_been_sent_in_a_lost_minute_is_searched_for_once(
    begun: timedelta, seen: timedelta, searched: timedelta | None, expected: bool
) -> None:
    (event,) = OPENED.events
    told = replace(OPENED, events=(replace(event, at=NOW + begun, observed_at=NOW + seen),))
    record = ThreadRecord(searched_at=None if searched is None else NOW + searched)
    claim = Stage().claim(told, lost=LOST)
    assert unconfirmed_since(claim, task(told, record)) == (LOST[0] if expected else None)
    told_already = replace(record, root="m1", joined=1)
    assert unconfirmed_since(claim, task(told, told_already)) is None
    both = replace(claim, unconfirmed_since=NOW - HOUR)
    assert unconfirmed_since(both, task(told, record)) == NOW - HOUR
    assert unconfirmed_since(replace(both, lost=None), task(told, record)) == NOW - HOUR


def test_an_event_counts_from_when_it_was_first_seen_or_from_the_pages_time() -> None:
    (event,) = OPENED.events
    for at, observed in ((-HOUR, HOUR), (HOUR, -HOUR)):
        told = replace(OPENED, events=(replace(event, at=NOW + at, observed_at=NOW + observed),))
        claim = Stage().claim(told, lost=LOST)
        assert unconfirmed_since(claim, task(told)) == LOST[0]


async def test_a_root_that_is_found_after_a_loss_gets_all_that_came_after_its_first_event() -> None:
    early = replace(WORSE, events=tuple(replace(e, at=NOW - HOUR) for e in WORSE.events))
    stage = Stage()
    stage.platform.stands = {ROOT: "m7"}
    settlement = await stage.serve(early, lost=LOST, first=2)
    assert stage.platform.said() == ["reply u2 r2", "root claude/x1 r2"]
    assert settlement is not None
    assert settlement.unconfirmed is Unconfirmed.UNCHANGED, "the claim knew of nothing unconfirmed"
