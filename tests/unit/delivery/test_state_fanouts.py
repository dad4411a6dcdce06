"""Channels that become stale by what the states of pages say, and by what is up again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.catalog.catalog import Catalog
from bot.delivery.blindness import FORGOTTEN_AFTER, BlindnessFanOut
from bot.delivery.board import BoardFanOut, state_of
from bot.delivery.cache import TimedCache
from bot.delivery.escalation import EscalationFanOut, Untaken
from bot.delivery.fanout import ReminderFanOut
from bot.delivery.schedule import ScheduleFanOut
from bot.domain.blindness import Blindness
from bot.domain.errors import StoreError
from bot.domain.evidence import Verdict
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.domain.state import State
from bot.domain.subscription import Channel, Reminder
from bot.loops.periodic import StoreLoop
from bot.status.view import ProviderStatus, StatusView
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import HOUR, MINUTE, NOW
from tests.unit.delivery.streams import TOLD, Store


def looking(kind: type, store: Store, *providers: str) -> Callable[[], Awaitable[bool]]:
    loop = kind(providers or ["claude"], store, store, lambda: NOW)
    found: Callable[[], Awaitable[bool]] = loop.queue_due
    return found


def state(*incidents: Incident, blindness: Blindness | None = None) -> State:
    known = {one.id: one for one in incidents}
    return State("claude", NOW, NOW, incidents=known, blindness=blindness)


async def test_channels_that_want_somebody_called_are_queued_by_the_minutes_that_have_passed() -> (
    None
):
    fresh = replace(TOLD, id="fresh", started_at=NOW - timedelta(seconds=59), timeline=())
    minute = replace(TOLD, id="minute", started_at=NOW - timedelta(seconds=60), timeline=())
    minor = replace(TOLD, id="minor", severity=Severity.PARTIAL)
    other = replace(TOLD, provider="openai")
    store = Store(states={"claude": state(minor, fresh, minute, TOLD), "openai": state(other)})
    assert not await looking(EscalationFanOut, store, "unread", "claude", "openai")()
    assert store.events == [
        (Untaken("claude/minute").key, 1),
        (Untaken(TOLD.key).key, 60),
        (Untaken(other.key).key, 60),
    ]


async def test_a_page_out_of_sight_is_queued_and_its_return_for_two_hours() -> None:
    lost = Blindness("claude", NOW - 9 * HOUR, NOW - 9 * HOUR)
    for blindness, queued in (
        (None, []),
        (lost, [lost.key]),
        (replace(lost, ended_at=NOW - FORGOTTEN_AFTER), [lost.key]),
        (replace(lost, ended_at=NOW - FORGOTTEN_AFTER - MINUTE), []),
    ):
        store = Store(states={"claude": state(blindness=blindness)})
        assert not await looking(BlindnessFanOut, store)()
        assert store.events == queued


async def test_boards_are_looked_at_only_where_there_are_any() -> None:
    reads = []

    async def view() -> StatusView:
        reads.append(1)
        return StatusView(NOW, Catalog(), ())

    store = Store(boards=False)
    loop = BoardFanOut(TimedCache(view, 60.0), store)
    assert not await loop.queue_due()
    assert (store.events, reads) == ([], [])
    store.boards = True
    assert not await loop.queue_due()
    assert not await loop.queue_due()
    assert store.events == [state_of(await view())] * 2
    assert len(reads) == 3, "as it is now, however lately somebody looked"


async def test_reminders_are_queued_once_what_they_wait_for_is_up() -> None:
    due = Reminder(HERE, "U1", ("api",), NOW)
    waits = Reminder(Channel("chat", "T1", "C2"), "U2", ("code",), NOW)

    async def view() -> StatusView:
        up = Verdict("api", Severity.UP, None, NOW)
        return StatusView(NOW, Catalog(), (ProviderStatus("claude", (up,)),))

    class Reminders:
        kept: Sequence[Reminder] = ()

        async def all(self) -> Sequence[Reminder]:
            return self.kept

    store, reminders = Store(), Reminders()
    loop = ReminderFanOut(reminders, store, view, lambda: NOW)  # type: ignore[arg-type]
    assert not await loop.queue_due()
    assert store.events == []
    reminders.kept = [waits, due]
    assert not await loop.queue_due()
    assert store.events == [(HERE, [due.key])]


class Away:
    """A store that does not answer, whatever it is asked."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def fails(*_: object, **__: object) -> None:
            raise StoreError("away")

        return fails


async def nothing_seen() -> StatusView:
    return StatusView(NOW, Catalog(), ())


def clock() -> datetime:
    return NOW


AWAY: Any = Away()
LOOPS: dict[str, StoreLoop] = {
    "escalation": EscalationFanOut(["claude"], AWAY, AWAY, clock),
    "blindness": BlindnessFanOut(["claude"], AWAY, AWAY, clock),
    "boards": BoardFanOut(TimedCache(nothing_seen, 60.0), AWAY),
    "reminders": ReminderFanOut(AWAY, AWAY, nothing_seen, clock),
    "schedule": ScheduleFanOut(AWAY, AWAY, AWAY, AWAY, ["claude"], clock),
}


@pytest.mark.parametrize("name", LOOPS)
async def test_a_loop_whose_store_is_away_says_so_once_and_goes_on(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def wait(_: object, seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 3:
            raise asyncio.CancelledError
        return False

    monkeypatch.setattr("bot.loops.periodic.wait_for", wait)
    with capture_logs() as logs, pytest.raises(asyncio.CancelledError):
        await LOOPS[name].run()
    assert [(line["event"], line["loop"]) for line in logs] == [("store.failed", name)]
    assert waits[0] < waits[1] < waits[2]
