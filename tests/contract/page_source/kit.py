"""What the engine asks of a page source, at one moment."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from adapters.providers.http import StatusPage
from bot.catalog.catalog_file import load_catalog
from bot.domain.page import PageList, Snapshot
from bot.domain.state import State
from bot.engine.endings import needed_lists
from bot.engine.step import step
from bot.ports import NeededLists

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATALOG = load_catalog()


def every_list(_: Snapshot) -> frozenset[PageList]:
    return frozenset(PageList)


def after(state: State) -> NeededLists:
    """The lists that the engine needs once it knows `state`."""
    return partial(needed_lists, state, now=NOW)


async def settled(source: StatusPage) -> State:
    """What is known after a first look."""
    state, _ = step(None, await source.poll(every_list), NOW, CATALOG)
    return state
