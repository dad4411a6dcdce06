"""What a channel is told: the rules of PRODUCT, one by one, and for any history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.plan import ENDS, OLDEST_OVER, OLDEST_REPLY, plan
from bot.delivery.steps import Act, Plan, apply
from bot.domain.incident import EventKind, Incident, Origin
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Pause, Reason, Subscription, ThreadRecord
from tests.delivery_kit import incident, more

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
HERE = Channel("chat", "T1", "C1")
ASKED = Subscription(HERE, mention="<@U1>", changed_at=NOW - timedelta(days=1))
OPENED = incident(EventKind.OPENED, at=NOW)


def do(
    told: Incident, thread: ThreadRecord, asked: Subscription = ASKED, now: datetime = NOW
) -> ThreadRecord:
    """Carry out what is planned until nothing is."""
    for _ in range(4):
        for step in plan(told, thread, asked, now).steps:
            thread = apply(thread, step, f"m{told.revision}/{step.event.key if step.event else ''}")
    return thread


def acts(found: Plan) -> list[Act]:
    return [step.act for step in found.steps]


STARTED = do(OPENED, ThreadRecord())


def test_a_channel_that_is_not_written_to_has_a_plan_all_the_same() -> None:
    paused = replace(ASKED, paused=Pause("is_archived", NOW, None))
    assert plan(OPENED, ThreadRecord(), ASKED, NOW).reason is Reason.DUE
    assert plan(OPENED, ThreadRecord(), paused, NOW).reason is Reason.PAUSED
    assert plan(OPENED, STARTED, paused, NOW).reason is Reason.TOLD
    worse = more(OPENED, EventKind.WORSE, at=NOW)
    assert plan(worse, STARTED, None, NOW).reason is Reason.DUE
    assert plan(worse, replace(STARTED, root=""), ASKED, NOW) == Plan((), Reason.ROOT_DELETED)


def test_a_root_of_one_who_joined_midway_stays_one() -> None:
    joined = replace(STARTED, midway=True)
    for thread in (STARTED, joined):
        root = plan(more(OPENED, EventKind.UPDATE, at=NOW), thread, ASKED, NOW).steps[-1]
        assert (root.act, root.midway) == (Act.REVISE, thread.midway)


def test_an_opening_is_one_root_with_a_mention() -> None:
    (step,) = plan(OPENED, ThreadRecord(), ASKED, NOW).steps
    assert (step.act, step.mention, step.midway) == (Act.OPEN, True, False)


def test_who_asks_in_the_middle_joins_midway_and_calls_nobody() -> None:
    late = replace(ASKED, changed_at=NOW + timedelta(minutes=5))
    (step,) = plan(more(OPENED, EventKind.UPDATE, at=NOW), ThreadRecord(), late, NOW).steps
    assert (step.midway, step.mention, step.since) == (True, False, 2)


def test_worse_and_resolved_show_in_the_channel_and_only_worse_calls() -> None:
    told = more(OPENED, EventKind.UPDATE, EventKind.WORSE, EventKind.RESOLVED, at=SOON)
    replies = [s for s in plan(told, STARTED, ASKED, NOW).steps if s.act is Act.REPLY]
    shown = [(s.in_channel, s.mention) for s in replies]
    assert shown == [(False, False), (True, True), (True, False)]


@pytest.mark.parametrize(
    "quiet", [{"maintenance": True}, {"notice": True}, {"origin": Origin.SUSPECTED}]
)
def test_nobody_is_called_for_what_is_planned_only_noted_or_only_suspected(
    quiet: dict[str, Any],
) -> None:
    (step,) = plan(replace(OPENED, **quiet), ThreadRecord(), ASKED, NOW).steps
    assert (step.act, step.mention) == (Act.OPEN, False)


def test_nobody_is_called_for_less_than_they_asked_for() -> None:
    worst_only = replace(ASKED, mention_from=Severity.MAJOR)
    partial = incident(EventKind.OPENED, at=NOW, severity=Severity.PARTIAL)
    (opened,) = plan(partial, ThreadRecord(), worst_only, NOW).steps
    assert not opened.mention
    thread = do(partial, ThreadRecord())
    worse = more(replace(partial, severity=Severity.MAJOR), EventKind.WORSE, at=SOON)
    assert plan(worse, thread, worst_only, SOON).steps[0].mention


def test_a_kind_can_be_kept_in_the_thread() -> None:
    quiet = replace(ASKED, thread_only=frozenset({EventKind.WORSE}))
    reply = plan(more(OPENED, EventKind.WORSE, at=SOON), STARTED, quiet, SOON).steps[0]
    assert not reply.in_channel


def test_the_root_is_revised_at_every_revision_and_closed_at_the_end() -> None:
    told = more(OPENED, EventKind.RESOLVED, at=NOW)
    assert acts(plan(told, STARTED, ASKED, NOW)) == [Act.REPLY, Act.REVISE, Act.CLOSE]
    assert acts(plan(told, STARTED, ASKED, NOW, closes=False)) == [Act.REPLY, Act.REVISE]


def test_a_root_is_revised_for_a_new_count_of_people_while_it_goes_on() -> None:
    (step,) = plan(OPENED, STARTED, ASKED, NOW, report_count="3 here").steps
    assert (step.act, step.report_count) == (Act.REVISE, "3 here")
    counted = apply(STARTED, step, "m1")
    assert acts(plan(OPENED, counted, ASKED, NOW, report_count="3 here")) == []
    assert acts(plan(OPENED, counted, ASKED, NOW)) == [Act.REVISE], "nobody reports it any more"
    over = more(OPENED, EventKind.RESOLVED, at=NOW)
    told = do(over, STARTED)
    assert acts(plan(over, told, ASKED, NOW, report_count="4 here")) == []
    (root,) = plan(OPENED, ThreadRecord(), ASKED, NOW, report_count="3 here").steps
    assert root.report_count == "3 here"


def test_ten_minutes_are_not_yet_too_long_ago() -> None:
    at_last = NOW + OLDEST_REPLY
    both = more(OPENED, EventKind.UPDATE, EventKind.UPDATE, at=NOW)
    assert acts(plan(both, STARTED, ASKED, at_last)) == [Act.REPLY, Act.REPLY, Act.REVISE]
    (root,) = plan(both, ThreadRecord(), ASKED, at_last).steps
    assert root.since == 1, "what came with the opening follows in the thread"
    (late,) = plan(both, ThreadRecord(), ASKED, at_last + timedelta(seconds=1)).steps
    assert late.since == 3, "the root tells everything"
    alone = more(OPENED, EventKind.UPDATE, at=NOW)
    assert acts(plan(alone, STARTED, ASKED, NOW + OLDEST_OVER))[0] is Act.REPLY


def test_what_came_too_much_or_too_long_ago_is_one_catch_up() -> None:
    much = more(OPENED, *[EventKind.UPDATE] * 4, at=NOW)
    assert acts(plan(much, STARTED, ASKED, NOW)) == [Act.CATCH_UP, Act.REVISE]
    old = more(OPENED, EventKind.UPDATE, EventKind.UPDATE, at=NOW)
    later = NOW + timedelta(minutes=11)
    assert acts(plan(old, STARTED, ASKED, later)) == [Act.CATCH_UP, Act.REVISE]


def test_an_opening_with_many_texts_is_a_root_and_one_reply_with_them() -> None:
    much = more(OPENED, *[EventKind.UPDATE] * 5, at=NOW)
    (root,) = plan(much, ThreadRecord(), ASKED, NOW).steps
    thread = apply(ThreadRecord(), root, "r")
    (reply,) = plan(much, thread, ASKED, NOW, closes=False).steps
    assert reply.act is Act.CATCH_UP
    assert len(reply.covers) == 5


def test_an_edited_text_changes_its_reply_and_notifies_nobody() -> None:
    told = more(OPENED, EventKind.UPDATE, at=NOW)
    thread = do(told, STARTED)
    found = plan(more(told, EventKind.CORRECTED, at=NOW), thread, ASKED, NOW)
    assert acts(found) == [Act.CORRECT, Act.REVISE]
    assert found.steps[0].event == told.events[-1]


def test_a_muted_channel_hears_nothing_but_the_end_of_what_it_heard_of() -> None:
    muted = replace(ASKED, muted_until=NOW + timedelta(hours=1))
    assert acts(plan(OPENED, ThreadRecord(), muted, NOW)) == []
    worse = more(OPENED, EventKind.WORSE, at=NOW)
    assert acts(plan(worse, STARTED, muted, NOW)) == [Act.NOTE, Act.REVISE]
    ended = more(worse, EventKind.RESOLVED, at=NOW)
    reply = next(s for s in plan(ended, STARTED, muted, NOW).steps if s.act is Act.REPLY)
    assert (reply.event, reply.in_channel) == (ended.events[-1], False)


def test_resolved_is_never_told_where_opened_was_not_but_quietly_as_over() -> None:
    ended = more(OPENED, EventKind.RESOLVED, at=NOW)
    (step,) = plan(ended, ThreadRecord(), ASKED, NOW).steps
    assert (step.act, step.mention) == (Act.OPEN, False)
    assert acts(plan(ended, ThreadRecord(), ASKED, NOW + timedelta(days=2))) == []
    newcomer = replace(ASKED, changed_at=NOW + timedelta(minutes=1))
    assert acts(plan(ended, ThreadRecord(), newcomer, NOW + timedelta(minutes=2))) == []


def test_what_was_withdrawn_before_it_was_told_is_not_told() -> None:
    gone = more(OPENED, EventKind.WITHDRAWN, at=NOW)
    assert acts(plan(gone, ThreadRecord(), ASKED, NOW)) == []
    assert Act.REVISE in acts(plan(gone, STARTED, ASKED, NOW))


def test_who_asks_for_worse_or_for_other_surfaces_is_left_alone() -> None:
    small = incident(EventKind.OPENED, at=NOW, severity=Severity.DEGRADED)
    assert acts(plan(small, ThreadRecord(), replace(ASKED, severity=Severity.MAJOR), NOW)) == []
    assert (
        acts(plan(small, ThreadRecord(), replace(ASKED, surfaces=frozenset({"code"})), NOW)) == []
    )


HISTORY = st.lists(
    st.lists(st.sampled_from(list(EventKind)), min_size=1, max_size=5), min_size=1, max_size=6
)


@given(HISTORY, st.lists(st.booleans(), min_size=6, max_size=6))
def test_any_history_is_told_once_in_order_and_then_there_is_nothing_left(
    chapters: list[list[EventKind]], muted: list[bool]
) -> None:
    told, thread, now = OPENED, STARTED, NOW
    sent: list[tuple[int, str]] = []
    for kinds, silent in zip(chapters, muted, strict=False):
        now += timedelta(minutes=3)
        told = more(told, *kinds, at=now)
        until = now + timedelta(minutes=1) if silent else None
        asked = replace(ASKED, muted_until=until)
        for step in plan(told, thread, asked, now).steps:
            if step.sends and step.event:
                sent.append((step.event.revision, step.event.key))
                assert not silent or step.event.kind in ENDS
            assert step.act is not Act.OPEN
            thread = apply(thread, step, "m")
        assert acts(plan(told, thread, asked, now)) == []
        assert thread.shown == told.revision
    assert sent == sorted(set(sent))


def test_a_catch_up_tells_all_since_the_last_reply_and_one_summary_of_whom_to_call() -> None:
    told = more(OPENED, *[EventKind.UPDATE] * 3, EventKind.WORSE, at=SOON)
    step = plan(told, STARTED, ASKED, SOON).steps[0]
    assert (step.act, step.revision, step.event) == (Act.CATCH_UP, 5, told.events[-1])
    assert step.covers == tuple(event.key for event in told.events[1:])
    assert (step.since, step.in_channel, step.mention) == (1, True, True)
    calm = plan(more(OPENED, *[EventKind.UPDATE] * 4, at=SOON), STARTED, ASKED, SOON).steps[0]
    assert (calm.in_channel, calm.mention) == (False, False)
    over = plan(more(told, EventKind.RESOLVED, at=SOON), STARTED, ASKED, SOON).steps[0]
    assert (over.in_channel, over.mention) == (True, False), "it is over: nobody has to come"


def test_what_a_muted_channel_misses_is_dealt_with_and_not_told_later() -> None:
    muted = replace(ASKED, muted_until=NOW + timedelta(hours=2))
    told = more(OPENED, EventKind.WORSE, EventKind.UPDATE, at=SOON)
    (note, *_) = plan(told, STARTED, muted, SOON).steps
    assert (note.act, note.revision) == (Act.NOTE, told.revision)
    assert note.covers == tuple(event.key for event in told.events[1:])
    over = more(told, EventKind.RESOLVED, at=SOON)
    (end, *_) = plan(over, STARTED, muted, SOON).steps
    assert (end.act, end.event, end.covers) == (Act.REPLY, over.events[-1], note.covers)
    assert (end.in_channel, end.mention) == (False, False)


def test_every_step_says_which_revision_it_shows() -> None:
    told = more(OPENED, EventKind.WORSE, EventKind.CORRECTED, EventKind.RESOLVED, at=SOON)
    worse = replace(STARTED, replies={told.events[1].key: "m2"}, shown=2)
    for thread in (ThreadRecord(), STARTED, worse):
        steps = plan(told, thread, ASKED, SOON).steps
        assert {step.revision for step in steps} == {told.revision}
