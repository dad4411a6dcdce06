"""What pages keep of what costs much to read."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.web.page.kept import AT_LEAST, FOR, Kept
from bot.domain.errors import StoreError


@dataclass
class Store:
    """Counts how often it is read; `away`: it does not answer."""

    reads: int = 0
    away: bool = False
    now: float = 0.0
    kept: Kept[int] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = Kept(self.read, lambda: self.now)

    async def read(self) -> int:
        if self.away:
            raise StoreError("away")
        self.reads += 1
        return self.reads

    async def at(self, now: float) -> int:
        self.now = now
        return await self.kept.get(-1)


async def test_it_is_read_once_for_all_who_ask_within_a_while() -> None:
    store = Store()
    assert [await store.at(now) for now in (0, 1, FOR - 1, FOR, FOR + 1)] == [1, 1, 1, 2, 2]


async def test_after_something_was_written_it_is_read_soon_but_not_each_time() -> None:
    store = Store()
    await store.at(0)
    store.kept.expire()
    assert [await store.at(now) for now in (1, AT_LEAST, AT_LEAST + 1)] == [1, 2, 2]


async def test_while_the_store_is_away_the_last_serves_and_it_is_tried_again() -> None:
    store = Store(away=True)
    assert await store.at(0) == -1
    store.away = False
    assert await store.at(0.1) == 1
    store.away = True
    assert await store.at(2 * FOR) == 1
    store.away = False
    assert await store.at(2 * FOR + 1) == 2
