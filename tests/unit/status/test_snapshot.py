"""One snapshot serves everybody: read once, renewed when something was written, and kept when the
store is away, with its age.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import StoreError
from bot.domain.page import Severity
from bot.ports import VersionedState
from bot.status import snapshot
from bot.status.service import StatusService
from bot.status.snapshot import FRESH_FOR, SharedSnapshot
from tests.unit.messages.examples import CLAUDE, NOW, QUIET, page_state


@dataclass
class Store:
    """An incident store and a clock that tests set."""

    now: datetime = NOW
    reads: int = 0
    fails: bool = False
    hangs: bool = False

    async def load(self, provider: str) -> VersionedState:
        self.reads += 1
        await asyncio.sleep(3600 if self.hangs else 0)
        if self.fails:
            raise StoreError("away")
        return VersionedState(page_state(QUIET, (), provider), 1)


def service(store: Store) -> StatusService:
    shared = SharedSnapshot(store, None, lambda: store.now, FRESH_FOR)  # type: ignore[arg-type]  # the part of it that is used
    return StatusService(CLAUDE, store, shared, lambda: store.now)  # type: ignore[arg-type]  # likewise


async def test_those_who_ask_at_once_make_one_read() -> None:
    store = Store()
    status = service(store)

    await asyncio.gather(*(status.view() for _ in range(100)))

    assert store.reads == 1


async def test_it_is_read_again_after_a_second_or_when_something_was_written() -> None:
    store = Store()
    status = service(store)
    await status.view()
    store.now += FRESH_FOR / 2
    await status.view()
    assert store.reads == 1

    status.snapshot.expire()
    await status.view()
    assert store.reads == 2

    store.now += FRESH_FOR
    await status.view()
    assert store.reads == 3


async def test_what_is_written_during_a_read_is_read_by_the_next() -> None:
    store = Store()
    status = service(store)
    reading = asyncio.create_task(status.view())
    await asyncio.sleep(0)
    status.snapshot.expire()
    await reading

    await status.view()

    assert store.reads == 2


async def test_ages_are_those_of_the_moment_of_the_answer() -> None:
    store = Store()
    status = service(store)
    checked = (await status.view()).providers[0].checked_at
    store.now += FRESH_FOR / 2

    view = await status.view()

    assert (view.at, view.providers[0].checked_at) == (store.now, checked)


async def test_without_its_store_it_says_what_it_knew_and_how_old_that_is() -> None:
    store = Store()
    status = service(store)
    await status.view()
    store.fails = True

    store.now += timedelta(minutes=1)
    soon = await status.view()
    store.now += timedelta(minutes=2)
    later = await status.view()

    assert soon.verdict("api") is not None
    assert {v.severity for v in soon.verdicts} == {Severity.UP}
    assert {v.severity for v in later.verdicts} == {Severity.UNKNOWN}
    assert later.providers[0].failure == "our own store does not answer"
    assert later.providers[0].failing_since == NOW
    assert status.snapshot.failure == "away"

    store.fails = False
    store.now += FRESH_FOR
    assert {v.severity for v in (await status.view()).verdicts} == {Severity.UP}
    assert not status.snapshot.failure


async def test_a_store_that_hangs_holds_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    status = service(store)
    await status.view()
    store.hangs = True
    store.now += FRESH_FOR
    monkeypatch.setattr(snapshot, "PATIENCE", 0.0)

    view = await status.view()

    assert view.verdicts


async def test_a_store_that_never_answered_is_an_error() -> None:
    with pytest.raises(StoreError):
        await service(Store(fails=True)).view()
