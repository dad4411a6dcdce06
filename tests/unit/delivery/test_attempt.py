"""One attempt: what is sent, recorded and settled, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.delivery.attempt import Attempt
from bot.delivery.cache import TimedCache
from bot.delivery.queue import Outcome, Unconfirmed
from bot.delivery.steps import DELETED
from bot.domain.errors import (
    ChannelGone,
    DeliveryError,
    Malformed,
    MessageGone,
    StoreError,
    TenantPaused,
    Uncertain,
)
from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from bot.domain.subscription import Pause, Reminder
from tests.delivery_kit import incident, more
from tests.unit.delivery.claimed import view
from tests.unit.delivery.platform import HERE, Call
from tests.unit.delivery.stage import ASKED, HOUR, NOW, Queue, Stage

OPENED = incident(EventKind.OPENED, at=NOW)
WORSE = more(OPENED, EventKind.WORSE, at=NOW)
RESOLVED = more(WORSE, EventKind.RESOLVED, at=NOW)
ROOT, REPLY = "root claude/x1 r{}", "reply u{} r{}"


async def test_an_opening_is_one_message_and_settles_the_channel() -> None:
    stage = Stage()
    settlement = await stage.serve(OPENED)

    assert stage.platform.calls == [
        Call("open", "root claude/x1 r1", f"{HERE}/claude/x1/root", mention="<@U1>")
    ]
    assert settlement is not None
    assert (settlement.outcome, settlement.failures) == (Outcome.DONE, 0)
    (update,) = settlement.updates
    assert (update.thread.root, update.thread.joined, update.thread.shown) == ("m1", 1, 1)
    assert (update.settled, update.version, update.forget) == (True, OPENED.version, False)
    assert stage.queue.settled == [], "one message needs no record in between"
    assert (stage.context.counts.opened, stage.context.counts.searched) == (1, 0)


async def test_each_message_is_recorded_before_the_next_one_is_sent() -> None:
    stage = Stage()
    await stage.told(OPENED)
    three = more(OPENED, EventKind.WORSE, EventKind.UPDATE, EventKind.RESOLVED, at=NOW)
    settlement = await stage.serve(three)

    assert stage.platform.said() == [
        "reply u2 r4", "reply u3 r4", "reply u4 r4", "root claude/x1 r4", "close",
    ]  # fmt: skip
    holds = stage.queue.settled
    assert [hold.outcome for hold in holds] == [Outcome.HOLD] * 2
    assert [len(hold.updates[0].thread.replies) for hold in holds] == [1, 2]
    assert [hold.updates[0].settled for hold in holds] == [False, False]
    assert [hold.failures for hold in holds] == [0, 0]
    assert settlement is not None
    assert settlement.updates[0].thread.replies == {"u2": "m1", "u3": "m2", "u4": "m3"}
    assert (settlement.updates[0].thread.shown, settlement.updates[0].thread.closed) == (4, True)
    counts = stage.context.counts
    assert (counts.opened, counts.replied, counts.revised) == (1, 3, 1)


async def test_what_was_recorded_in_between_is_written_once() -> None:
    stage = Stage()
    other = replace(OPENED, id="x2", severity=Severity.PARTIAL, worst=Severity.PARTIAL)
    settlement = await stage.serve(OPENED, other)

    (hold,) = stage.queue.settled
    assert [update.pending.subject for update in hold.updates] == [OPENED.key]
    assert settlement is not None
    assert [(u.pending.subject, u.settled) for u in settlement.updates] == [
        (OPENED.key, True),
        (other.key, True),
    ]


async def test_a_claim_that_ended_before_it_was_recorded_sends_nothing_more() -> None:
    stage = Stage()
    await stage.told(OPENED)
    stage.queue.held = False
    assert await stage.serve(more(WORSE, EventKind.UPDATE, at=NOW)) is None
    assert stage.platform.said() == ["reply u2 r3"]


async def test_a_record_in_between_gives_the_claim_its_time_anew() -> None:
    stage = Stage()
    await stage.told(OPENED)

    class Slow(Queue):
        """Its leases are too short for one call, but for the first."""

    stage.context.queue = stage.queue = Slow(lease=stage.context.send_seconds / 2)  # type: ignore[assignment]
    stage.queue.threads[OPENED.key] = replace(stage.record(OPENED), root="m1", joined=1, shown=1)
    found = await stage.serve(more(WORSE, EventKind.UPDATE, at=NOW), deadline=float("inf"))
    assert found is None, "the lease that was begun anew is too short"
    assert stage.platform.said() == ["reply u2 r3"]


async def test_where_searching_is_rationed_it_is_noted_once_that_something_is_sent() -> None:
    stage = Stage()
    stage.platform.rationed = True
    await stage.told(OPENED)
    assert stage.queue.noted == 1
    await stage.serve(more(WORSE, EventKind.RESOLVED, at=NOW))
    assert stage.queue.noted == 2
    stage.queue.noted = 0
    reported = replace(RESOLVED, events=RESOLVED.events, ended_at=None)
    await stage.serve(more(reported, EventKind.CORRECTED, at=NOW))
    assert stage.queue.noted == 0, "a change may be made twice"


async def test_where_the_claim_is_lost_before_it_is_noted_nothing_is_sent() -> None:
    stage = Stage()
    stage.platform.rationed = True
    stage.queue.held = False
    assert await stage.serve(OPENED) is None
    assert stage.platform.calls == []


async def test_a_store_that_fails_leaves_the_claim_to_end_by_itself() -> None:
    stage = Stage()

    async def fails(key: str) -> Incident | None:
        raise StoreError("away")

    stage.store.incident = fails  # type: ignore[method-assign]
    assert await stage.serve(replace(OPENED, id="x9")) is None
    assert stage.platform.calls == []


# --- what a platform refuses ----------------------------------------------------------


async def test_a_message_that_is_gone_counts_as_sent_and_the_record_says_why() -> None:
    stage = Stage()
    await stage.told(OPENED)
    stage.platform.failing = {"reply": [MessageGone("thread_locked")]}
    settlement = await stage.serve(WORSE)
    assert settlement is not None
    assert settlement.outcome is Outcome.DONE
    thread = settlement.updates[0].thread
    assert (thread.replies, thread.refused) == ({"u2": DELETED}, "thread_locked")
    assert stage.platform.said() == ["root claude/x1 r2"], "what follows is tried all the same"
    assert settlement.updates[0].version == WORSE.version


async def test_a_form_that_is_refused_is_sent_plainly_once() -> None:
    stage = Stage()
    stage.platform.failing = {"open": [Malformed("invalid_blocks")]}
    settlement = await stage.serve(OPENED)
    assert [(call.what, call.plain) for call in stage.platform.calls] == [("open", True)]
    assert settlement is not None
    thread = settlement.updates[0].thread
    assert (thread.root, thread.refused, thread.parked) == ("m1", "invalid_blocks", 0)
    assert stage.context.counts.parked == 0


@pytest.mark.parametrize("again", [Malformed("no_text"), MessageGone("gone")])
async def test_a_root_that_is_refused_in_every_form_waits_for_its_next_revision(
    again: DeliveryError,
) -> None:
    stage = Stage()
    stage.platform.failing = {"open": [Malformed("invalid_blocks"), again]}
    settlement = await stage.serve(OPENED)
    assert stage.platform.calls == []
    assert settlement is not None
    assert (settlement.outcome, settlement.updates[0].settled) == (Outcome.DONE, True)
    thread = settlement.updates[0].thread
    assert (thread.root, thread.parked, thread.refused) == (None, 1, "invalid_blocks")
    assert stage.context.counts.parked == 1
    stage.platform.failing = {"open": [Malformed("invalid_blocks"), again]}
    await stage.serve(WORSE)
    assert stage.context.counts.parked == 2
    await stage.serve(RESOLVED)
    assert stage.platform.said("open") == ["root claude/x1 r3"]


async def test_a_reply_that_is_refused_in_every_form_is_left_out() -> None:
    stage = Stage()
    await stage.told(OPENED)
    stage.platform.failing = {"reply": [Malformed("invalid_blocks"), Malformed("no_text")]}
    settlement = await stage.serve(WORSE)
    assert settlement is not None
    assert settlement.updates[0].thread.replies == {"u2": DELETED}
    assert settlement.updates[0].thread.parked == 0
    assert stage.platform.said() == ["root claude/x1 r2"]


async def test_an_unclear_answer_is_searched_for_and_what_was_sent_before_is_kept() -> None:
    stage = Stage()
    await stage.told(OPENED)
    stage.platform.lost = {"reply": [Uncertain("timeout")]}
    settlement = await stage.serve(WORSE, failures=4)
    assert settlement is not None
    assert (settlement.outcome, settlement.failures) == (Outcome.LATER, 5)
    assert settlement.unconfirmed is Unconfirmed.SINCE_CLAIM
    assert settlement.updates == []
    stage.platform.lost = {"revise": [Uncertain("timeout")]}
    again = await stage.serve(WORSE, failures=5, unconfirmed_since=NOW)
    assert again is not None
    assert again.failures == 1, "something was answered: the first failure in a row"
    assert again.updates[0].thread.replies == {"u2": "m1"}, "it was found"
    assert (again.updates[0].settled, again.updates[0].version) == (False, "")


async def test_where_a_person_is_gone_a_reminder_is_forgotten() -> None:
    reminder = Reminder(HERE, "U1", ("api",), NOW - HOUR)
    stage = Stage(None, views=TimedCache(view, 0.0))
    stage.platform.failing = {"say": [ChannelGone("user_not_found")]}
    settlement = await stage.serve(reminder)
    assert settlement is not None
    assert settlement.outcome is Outcome.DONE
    assert [update.forget for update in settlement.updates] == [True]


async def test_a_pause_ends_with_the_first_message_that_is_taken() -> None:
    paused = replace(ASKED, paused=Pause("is_archived", NOW - HOUR, NOW))
    stage = Stage(paused)
    settlement = await stage.serve(OPENED)
    assert settlement is not None
    assert settlement.resume
    stage = Stage(paused)
    stage.platform.failing = {"open": [TenantPaused("accesslimited")]}
    settlement = await stage.serve(OPENED)
    assert settlement is not None
    assert (settlement.resume, settlement.pause is None) == (False, False)
    settlement = await Stage(ASKED).serve(OPENED)
    assert settlement is not None
    assert not settlement.resume


async def test_what_nobody_knows_any_more_is_settled_without_a_word() -> None:
    stage = Stage()
    claim = stage.claim(OPENED)
    stage.store.incidents.clear()
    settlement = await Attempt(stage.context, claim).run()
    assert settlement is not None
    assert (settlement.outcome, settlement.updates[0].settled) == (Outcome.DONE, True)
    assert settlement.updates[0].version == ""
    assert stage.platform.calls == []
