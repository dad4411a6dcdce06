"""The stores that the loops of delivery look at, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.delivery.queue import Subject
from bot.delivery.stores import StreamEntry
from bot.domain.board import BoardState
from bot.domain.errors import StoreError
from bot.domain.incident import EventKind, Incident
from bot.domain.state import State
from bot.domain.subscription import Channel
from bot.ports import VersionedState
from tests.delivery_kit import incident
from tests.unit.delivery.stage import HOUR, NOW

TOLD = incident(EventKind.OPENED, at=NOW - HOUR)


@dataclass
class Store:
    """The store of incidents, the stream of events and the queue, as far as loops use them."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    past: list[Incident] = field(default_factory=list)
    asked_since: list[datetime] = field(default_factory=list)
    entries: dict[bool, list[StreamEntry]] = field(default_factory=dict)  # by "abandoned"
    read_of: list[tuple[str, bool]] = field(default_factory=list)
    events: list[object] = field(default_factory=list)  # what was done, in order
    boards: bool = True
    my_turn: bool = True
    fails: bool = False

    async def incident(self, key: str) -> Incident | None:
        return self.incidents.get(key)

    async def load(self, provider: str) -> VersionedState:
        return VersionedState(self.states.get(provider), 1)

    async def history(self, provider: str, since: datetime) -> list[Incident]:
        self.asked_since.append(since)
        return [one for one in self.past if one.provider == provider]

    async def read(self, provider: str, *, abandoned: bool = False) -> list[StreamEntry]:
        self.read_of.append((provider, abandoned))
        return self.entries.pop(abandoned, [])

    async def acknowledge(self, provider: str, entries: Sequence[StreamEntry]) -> None:
        self.events.append(("acknowledged", provider, [entry.id for entry in entries]))

    async def enqueue(self, subject: Subject, *, keep: bool = False) -> int:
        if self.fails:
            raise StoreError("away")
        self.events.append((subject.key, keep) if keep else subject.key)
        return 1

    async def enqueue_escalation(self, subject: Subject, minutes: int) -> int:
        self.events.append((subject.key, minutes))
        return 1

    async def has_boards(self) -> bool:
        return self.boards

    async def enqueue_boards(self, state: BoardState) -> int:
        self.events.append(state)
        return 1

    async def may_sweep(self, name: str, seconds: float) -> bool:
        self.events.append(("sweep?", name))
        return self.my_turn

    async def end(self, key: str) -> None:
        self.events.append(("ended", key))

    async def mark_stale(self, channel: Channel, subjects: Sequence[Subject]) -> None:
        self.events.append((channel, [subject.key for subject in subjects]))
