"""`why` shows the reason of a dry run of the plan, so that it cannot disagree with delivery."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.plan import plan
from bot.delivery.steps import Act, apply
from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from bot.domain.subscription import Pause, Reason, Subscription, ThreadRecord
from bot.messages.why import WhyCase, reason, why_message
from tests.delivery_kit import incident, more
from tests.unit.delivery.test_plan import ASKED, NOW, OPENED, SOON, STARTED
from tests.unit.messages.examples import spoken
from tests.unit.messages.test_any import INCIDENTS, SUBSCRIPTIONS, THREADS

CATALOG = only(load_catalog(), ["claude"])
RESOLVED = more(OPENED, EventKind.RESOLVED, at=SOON)
LATER = SOON + timedelta(hours=1)


def why(
    told: Incident, asked: Subscription | None = ASKED, thread: ThreadRecord | None = None
) -> str:
    there = thread or ThreadRecord()
    found = plan(told, there, asked, LATER)
    return reason(WhyCase(told, there, found.reason), asked, CATALOG, str, LATER)


def test_a_subscription_changed_after_the_end_is_named_as_what_it_is() -> None:
    changed = replace(ASKED, created_at=NOW - timedelta(days=9), changed_at=LATER)
    assert why(RESOLVED, changed) == (
        "not told: it was over before this channel's settings last changed"
    )


def test_who_subscribed_after_the_end_is_told_that() -> None:
    new = replace(ASKED, created_at=LATER, changed_at=LATER)
    assert why(RESOLVED, new) == "not told: it was over before this channel subscribed"


def test_what_was_withdrawn_is_not_said_to_be_queued() -> None:
    gone = more(OPENED, EventKind.WITHDRAWN, at=SOON)
    assert why(gone) == "not told: the provider withdrew it before it was told here"


def test_what_the_platform_refused_is_named_with_where_it_goes_on() -> None:
    told = ThreadRecord(root="p1/p1", shown=OPENED.revision, refused="the thread is locked")
    assert why(OPENED, thread=told) == "told; not all as it was meant: the thread is locked"
    parked = ThreadRecord(parked=OPENED.revision, refused="AutoMod blocked the message")
    assert why(OPENED, thread=parked).endswith("in every form: AutoMod blocked the message")
    moved = replace(told, place="p2/p2")
    case = WhyCase(OPENED, moved, plan(OPENED, moved, ASKED, LATER).reason)
    said = spoken(why_message([case], ASKED, "ops", LATER, CATALOG, str))
    assert "the thread is locked · goes on in #ops/p2/p2" in said


def test_what_was_parked_is_not_said_to_be_queued_until_it_goes_on() -> None:
    parked = ThreadRecord(parked=OPENED.revision)
    assert why(OPENED, thread=parked) == "not told: the platform refused the message in every form"
    goes_on = more(OPENED, EventKind.WORSE, at=SOON)
    assert why(goes_on, thread=parked) == "on its way: it is queued for this channel"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (None, "not told: this channel is not subscribed"),
        (replace(ASKED, surfaces=frozenset({"code"})), "not told: it touched only API"),
        (replace(ASKED, muted_until=LATER + timedelta(hours=1)), "not told: this channel is muted"),
        (replace(ASKED, paused=Pause("is_archived", NOW, None)), "not told: paused: "),
    ],
)
def test_what_hinders_is_named(asked: Subscription | None, says: str) -> None:
    assert why(OPENED, asked).startswith(says)


def test_a_lesser_outage_than_asked_for_is_named_with_both() -> None:
    small = incident(EventKind.OPENED, at=NOW, severity=Severity.DEGRADED)
    said = why(small, replace(ASKED, severity=Severity.MAJOR))
    assert "degraded" in said
    assert "major" in said


def test_what_stands_there_is_told_and_what_is_missing_is_counted() -> None:
    assert why(OPENED, thread=STARTED) == "told"
    worse = more(OPENED, EventKind.WORSE, EventKind.UPDATE, at=SOON)
    assert why(worse, thread=STARTED) == "told; 2 newer changes still to come"


@given(INCIDENTS, THREADS, SUBSCRIPTIONS)
def test_it_says_not_told_exactly_where_nothing_is_planned(
    told: Incident, thread: ThreadRecord, asked: Subscription
) -> None:
    found = plan(told, thread, asked, NOW)
    opens = any(step.act is Act.OPEN for step in found.steps)
    said = reason(WhyCase(told, thread, found.reason), asked, CATALOG, str, NOW)
    if not thread.root:
        waits = opens and found.reason is not Reason.PAUSED
        assert said.startswith("on its way" if waits else "not told")
    for step in found.steps:
        thread = apply(thread, step, "m")
    if opens:
        assert thread.root == "m"
