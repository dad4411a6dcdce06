"""What is searched for after a crash, and what a thread that was found is taken for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery.queue import Claim, PendingThread
from bot.delivery.recovery import (
    MARGIN,
    adopt_root,
    found_on_platform,
    keys_in_thread,
    unconfirmed_since,
)
from bot.delivery.subjects import SubjectTask
from bot.domain.incident import EventKind
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from tests.delivery_kit import incident

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HERE = Channel("chat", "T1", "C1")
ASKED = Subscription(HERE, changed_at=NOW - timedelta(days=1))
TOLD = incident(EventKind.OPENED, EventKind.WORSE, EventKind.RESOLVED, at=NOW)
OPENED, WORSE, RESOLVED = TOLD.events


def test_in_a_thread_whose_root_is_not_known_every_reply_may_stand() -> None:
    told = {WORSE.key: "m2"}
    everything = keys_in_thread(HERE, ThreadRecord(replies=told), TOLD)
    left = keys_in_thread(HERE, ThreadRecord(root="m1", joined=1, replies=told), TOLD)

    assert {event.key for event in everything.values()} == {OPENED.key, WORSE.key, RESOLVED.key}
    assert {event.key for event in left.values()} == {RESOLVED.key}


def test_a_root_that_was_found_is_taken_for_as_old_as_whoever_sent_it_knew() -> None:
    over = replace(TOLD, ended_at=NOW)
    found = adopt_root(over, ASKED, "m1", NOW, first=1)

    assert (found.root, found.joined, found.shown) == ("m1", 1, 0)
    assert not found.closed
    assert {e.key for e in keys_in_thread(HERE, found, over).values()} == {WORSE.key, RESOLVED.key}


def test_a_root_that_nobody_is_known_to_have_asked_for_is_one_all_the_same() -> None:
    found = adopt_root(TOLD, None, "m1", NOW, first=2)

    assert (found.root, found.joined) == ("m1", 2)


async def test_after_a_loss_a_root_is_searched_for_from_the_beginning_of_its_incident() -> None:
    begun = NOW - timedelta(hours=1)  # what was lost had seen it then; it was seen anew just now
    running = replace(TOLD, started_at=begun)
    claim = Claim(HERE, "token", 0.0, ASKED, (), lost=(datetime.fromtimestamp(0, UTC), NOW))
    pending = PendingThread(running.key, running.version, ThreadRecord())
    task = SubjectTask(pending, running, ASKED, ThreadRecord())
    searched: list[datetime] = []

    async def find(_root: str | None, _keys: Sequence[str], since: datetime) -> dict[str, str]:
        searched.append(since)
        return {}

    since = unconfirmed_since(claim, task)
    assert since is not None
    await found_on_platform(task, claim, since, find)

    assert searched == [begun - MARGIN]


def test_a_root_that_showed_the_end_told_everything_and_an_earlier_one_did_not() -> None:
    assert adopt_root(TOLD, ASKED, "m1", NOW, first=3).joined == 3
    assert adopt_root(TOLD, ASKED, "m1", NOW, first=2).joined == 1
    assert adopt_root(TOLD, ASKED, "m1", NOW, first=0).joined == 1
