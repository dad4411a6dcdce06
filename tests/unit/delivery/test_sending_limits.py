"""When a message may go: its limits, its lease, the stop of the program, and what is counted."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from bot.delivery.platform_health import PlatformHealth
from bot.delivery.queue import Outcome, Unconfirmed
from bot.delivery.stores import Permit
from bot.domain.errors import DeliveryError, Uncertain
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.messenger import Bucket
from tests.delivery_kit import incident, more
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import ASKED, NOW, Stage

MAJOR = incident(EventKind.OPENED, at=NOW)
MINOR = replace(MAJOR, id="x2", severity=Severity.DEGRADED, worst=Severity.DEGRADED)
POSTS, EDITS = Bucket("posts", rate=1.0), Bucket("edits", rate=1.0)


async def test_a_limit_is_asked_before_each_message_and_what_is_urgent_does_not_wait() -> None:
    stage = Stage()
    stage.platform.limits = {False: [POSTS], True: [EDITS]}
    await stage.serve(MAJOR, granted=True)
    assert stage.limits.asked == [(["posts"], True, False)]
    stage.limits.asked.clear()
    await stage.serve(MINOR)
    assert stage.limits.asked == [(["posts"], False, True)], "others may go first"
    stage.limits.asked.clear()
    await stage.serve(more(MAJOR, EventKind.UPDATE, EventKind.WORSE, at=NOW), granted=True)
    assert stage.limits.asked == [
        (["posts"], True, False),
        (["posts"], False, False),  # a promise is for one message
        (["edits"], False, False),
    ]


async def test_where_nothing_is_limited_nobody_is_asked() -> None:
    stage = Stage()
    await stage.serve(MAJOR)
    assert stage.limits.asked == []


async def test_a_limit_that_names_a_time_puts_the_channel_off_until_then() -> None:
    stage = Stage()
    stage.platform.limits = {False: [POSTS]}
    stage.limits.permits = [Permit(at=1234.0)]
    settlement = await stage.serve(MAJOR)
    assert settlement is not None
    assert (settlement.outcome, settlement.at, settlement.delay) == (Outcome.LATER, 1234.0, 0.0)
    assert (settlement.failures, settlement.updates) == (None, [])
    assert settlement.unconfirmed is Unconfirmed.UNCHANGED
    stage.limits.permits = [Permit(at=0.0)]
    settlement = await stage.serve(MAJOR)
    assert settlement is not None
    assert settlement.at == 0.0
    stage.limits.permits = [Permit(ask_again_in=2.5)]
    settlement = await stage.serve(MAJOR)
    assert settlement is not None
    assert (settlement.outcome, settlement.at, settlement.delay) == (Outcome.LATER, None, 2.5)
    assert stage.platform.calls == []


async def test_a_channel_that_takes_a_message_now_and_then_waits_for_its_own_time() -> None:
    stage = Stage()
    stage.platform.channel_interval = 3600.0
    before = time.monotonic()
    await stage.told(MAJOR)
    assert 3600 <= stage.context.next_send_at[HERE] - before <= 3700
    settlement = await stage.serve(more(MAJOR, EventKind.UPDATE, at=NOW))
    assert settlement is not None
    assert settlement.outcome is Outcome.LATER
    assert 3500 <= settlement.delay <= 3600
    assert stage.platform.calls == []


async def test_a_change_of_a_message_is_none_to_a_channel_that_takes_one_now_and_then() -> None:
    stage = Stage()
    stage.platform.channel_interval = 3600.0
    await stage.told(MAJOR)
    known = dict(stage.context.next_send_at)
    await stage.serve(more(MAJOR, EventKind.CORRECTED, at=NOW))
    assert stage.platform.said() == ["root claude/x1 r2"]
    assert stage.context.next_send_at == known
    stage.context.next_send_at[HERE] = time.monotonic() - 1
    await stage.serve(replace(MAJOR, id="x9"))
    assert stage.platform.said("open") == ["root claude/x9 r1"], "its time has come"


async def test_nothing_is_begun_that_may_be_answered_after_the_lease() -> None:
    stage = Stage()
    short = time.monotonic() + stage.context.send_seconds - 0.5
    assert await stage.serve(MAJOR, deadline=short) is None
    assert stage.platform.calls == []
    long = time.monotonic() + stage.context.send_seconds + 20
    assert await stage.serve(MAJOR, deadline=long) is not None
    assert len(stage.platform.calls) == 1


async def test_while_the_program_stops_nothing_more_is_sent_and_all_is_left_to_the_next() -> None:
    stage = Stage()
    stage.context.stopping = True
    settlement = await stage.serve(MAJOR)
    assert settlement is not None
    assert (settlement.outcome, settlement.at, settlement.delay) == (Outcome.LATER, None, 0.0)
    assert stage.platform.calls == []


async def test_a_call_that_is_not_answered_in_time_may_have_been_taken() -> None:
    stage = Stage(send_seconds=0.01)
    stage.platform.stuck = True
    settlement = await stage.serve(MAJOR)
    assert settlement is not None
    assert settlement.unconfirmed is Unconfirmed.SINCE_CLAIM
    assert settlement.failures == 1


async def test_how_each_call_ended_is_known_of_the_platform() -> None:
    stage = Stage(send_seconds=0.01)
    seen: list[tuple[str, DeliveryError | None]] = []

    class Health(PlatformHealth):
        def report(self, platform: str, error: DeliveryError | None = None) -> None:
            seen.append((platform, error))

    stage.context.health = Health(time.monotonic)
    failure = DeliveryError("500")
    stage.platform.failing = {"open": [failure]}
    await stage.serve(MAJOR)
    await stage.serve(MAJOR)
    stage.platform.stuck = True
    await stage.serve(MINOR)
    (failed, taken, stuck) = seen
    assert failed == ("chat", failure)
    assert taken == ("chat", None)
    assert (stuck[0], type(stuck[1])) == ("chat", Uncertain)


async def test_tests_can_crash_before_and_after_each_call() -> None:
    points: list[str] = []

    async def reached(point: str) -> None:
        points.append(point)

    stage = Stage(failpoint=reached)
    await stage.told(MAJOR)
    await stage.serve(more(MAJOR, EventKind.RESOLVED, at=NOW))
    calls = ("open_thread", "reply", "revise", "close_thread")
    assert points == [f"{when} messenger.{call}" for call in calls for when in ("before", "after")]


async def test_what_is_less_severe_waits_where_others_wait_for_the_major_outage() -> None:
    stage = Stage()
    stage.context.crowded = True
    settlement = await stage.serve(MAJOR, MINOR)
    assert stage.platform.said() == ["root claude/x1 r1"]
    assert settlement is not None
    assert (settlement.outcome, settlement.delay) == (Outcome.LATER, 0.0)
    assert [u.pending.subject for u in settlement.updates] == [MAJOR.key]
    stage = Stage()
    stage.context.crowded = True
    again = replace(MAJOR, id="x3")
    settlement = await stage.serve(MAJOR, again)
    assert len(stage.platform.calls) == 2, "both are major outages"
    stage = Stage()
    stage.context.crowded = True
    settlement = await stage.serve(MINOR, replace(MINOR, id="x4"))
    assert len(stage.platform.calls) == 2, "neither is"
    stage = Stage()
    stage.context.crowded = True
    await stage.told(MAJOR)
    await stage.serve(MAJOR, MINOR)
    assert stage.platform.said() == ["root claude/x2 r1"], "nothing was sent of the other"


@pytest.mark.parametrize("mention", [None, "<@U1>"])
async def test_whom_a_channel_names_is_called_with_what_calls(mention: str | None) -> None:
    stage = Stage(replace(ASKED, mention=mention))
    await stage.told(MAJOR)
    later = NOW.replace(minute=1)
    worse = more(MAJOR, EventKind.WORSE, EventKind.UPDATE, at=later)
    await stage.serve(worse)
    replies = [call for call in stage.platform.calls if call.what == "reply"]
    assert [(call.mention, call.in_channel) for call in replies] == [
        (mention, True),
        (None, False),
    ]
    assert [call.place for call in replies] == ["m1", "m1"]
    assert [call.key for call in replies] == [f"{HERE}/claude/x1/u{n}" for n in (2, 3)]


async def test_a_platform_that_closes_no_threads_is_not_asked_to() -> None:
    stage = Stage()
    stage.platform.closes_threads = False
    await stage.told(MAJOR)
    await stage.serve(more(MAJOR, EventKind.RESOLVED, at=NOW))
    assert stage.platform.said() == ["reply u2 r2", "root claude/x1 r2"]


async def test_a_change_names_the_root_and_the_message_that_it_is_of() -> None:
    stage = Stage()
    await stage.told(MAJOR)
    told = more(MAJOR, EventKind.UPDATE, at=NOW)
    await stage.told(told)
    reply = stage.record(told).replies["u2"]
    await stage.serve(more(told, EventKind.CORRECTED, at=NOW))
    changes = [(call.what, call.title, call.place, call.key) for call in stage.platform.calls]
    assert changes == [
        ("revise", "correct u2 r3", f"m1>{reply}", f"{HERE}/claude/x1/u2"),
        ("revise", "root claude/x1 r3", "m1>m1", f"{HERE}/claude/x1/root"),
    ]
