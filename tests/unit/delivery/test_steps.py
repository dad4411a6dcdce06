"""What a step leaves in the record of a thread, and under which key its message stands."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.delivery.steps import Act, Step, apply, key_of
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
