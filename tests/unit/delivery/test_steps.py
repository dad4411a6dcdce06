"""What a step leaves in the record of a thread, and under which key its message stands."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.delivery.steps import Act, Step, apply, key_of, placed
from bot.domain.board import PIN
from bot.domain.incident import EventKind
from bot.domain.subscription import Channel, ThreadRecord
from tests.delivery_kit import incident

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HERE = Channel("chat", "T1", "C1")
TOLD = incident(EventKind.OPENED, EventKind.WORSE, EventKind.UPDATE, at=NOW)
OPENED, WORSE, UPDATE = TOLD.events


def test_what_a_message_covers_counts_as_told_without_one_of_its_own() -> None:
    thread = ThreadRecord(root="m1", joined=1, shown=1)
    caught_up = Step(Act.CATCH_UP, 3, event=UPDATE, covers=(WORSE.key, UPDATE.key))

    after = apply(thread, caught_up, "m2")

    assert after.replies == {WORSE.key: "", UPDATE.key: ""}


def test_every_message_has_a_key_of_its_own() -> None:
    steps = [
        Step(Act.OPEN, 1),
        Step(Act.REPLY, 2, event=WORSE),
        Step(Act.CATCH_UP, 3, event=WORSE),
        Step(Act.CATCH_UP, 3, event=UPDATE),
    ]

    assert [key_of(step, HERE, TOLD) for step in steps] == [
        f"{HERE}/{TOLD.key}/root",
        f"{HERE}/{TOLD.key}/{WORSE.key}",
        f"{HERE}/{TOLD.key}/until/{WORSE.key}",
        f"{HERE}/{TOLD.key}/until/{UPDATE.key}",
    ]


def test_a_changed_root_is_recorded_with_its_revision_and_its_count_of_people() -> None:
    thread = ThreadRecord(root="m1", joined=1, shown=1, report_count="2 here")

    after = apply(thread, Step(Act.REVISE, 3, report_count="3 here"), "m1")

    assert after == ThreadRecord(root="m1", joined=1, shown=3, report_count="3 here")
    assert apply(after, Step(Act.REVISE, 3), "m1").report_count == ""


def test_a_thread_is_open_again_once_something_is_said_in_it() -> None:
    closed = ThreadRecord(root="m1", joined=1, closed=True)
    reply, catch_up = Step(Act.REPLY, 2, event=WORSE), Step(Act.CATCH_UP, 3, event=UPDATE)
    assert not apply(closed, reply, "m2").closed
    assert not apply(closed, catch_up, "m2").closed
    assert apply(closed, Step(Act.NOTE, 3, covers=(WORSE.key,))).closed
    assert apply(closed, Step(Act.REVISE, 3), "m1").closed
    assert not apply(ThreadRecord(root="m1"), Step(Act.NOTE, 3)).closed


def test_a_board_that_is_changed_stays_pinned_and_one_that_is_sent_anew_is_not() -> None:
    pinned = ThreadRecord(root="m1", joined=7, replies={PIN: ""}, content="a", closed=True)
    changed = apply(pinned, Step(Act.EDIT, 7, content="b"), "m1")
    assert changed == ThreadRecord("m1", 7, replies={PIN: ""}, content="b", closed=True)
    anew = apply(pinned, Step(Act.SAY, 8, content="c"), "m2")
    assert anew == ThreadRecord("m2", 8, replies={}, content="c")
    assert apply(pinned, Step(Act.UNPIN, 7)).replies == {}
    refused = apply(pinned, Step(Act.PIN, 7), "I may not")
    assert refused.replies == {PIN: "I may not"}


def test_a_second_message_of_an_announcement_is_recorded_beside_the_first() -> None:
    first = apply(ThreadRecord(), Step(Act.SAY, 1), "m1")
    both = apply(first, Step(Act.SAY, 2, part="seen_again"), "m2")
    assert both == ThreadRecord("m1", 1, replies={"seen_again": "m2"})


def test_replies_go_on_in_the_thread_that_took_the_place_of_a_closed_one() -> None:
    class Forum:
        """Begins another thread with the message called "post"."""

        asked: list[str] = []  # noqa: RUF012 - of this one test

        def begins_thread(self, message: str) -> bool:
            self.asked.append(message)
            return message == "post"

    thread, forum = ThreadRecord(root="m1"), Forum()
    after = placed(thread, forum, ["m1", "", "m2", "post", "m3"])  # type: ignore[arg-type]
    assert (after.root, after.goes_on_in) == ("m1", "post")
    assert forum.asked == ["m2", "post", "m3"], "the root is its own thread"
    assert placed(thread, forum, ["m2"]) is thread  # type: ignore[arg-type]
    assert placed(thread, object(), ["post"]) is thread  # type: ignore[arg-type]
