"""Ports of delivery beside the queue: limits, the stream of events, reminders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.delivery.queue import Subject
from bot.domain.blindness import Blindness
from bot.domain.board import BoardState
from bot.domain.incident import Incident
from bot.domain.subscription import Reminder
from bot.messenger import Bucket


@dataclass(frozen=True, slots=True)
class Permit:
    """A message may go now, or (`at`, ms of the store's clock) then, without asking again; or none
    is promised yet: ask again in so many seconds.
    """

    at: float | None = None
    ask_again_in: float = 0.0


class RateLimiter(Protocol):
    """Limits shared with all replicas."""

    async def acquire(
        self, buckets: Sequence[Bucket], *, granted: bool = False, patient: bool = False
    ) -> Permit:
        """Ask for one message. `granted`: it was promised for now, unless a refusal came since.

        `patient`: what is urgent and comes later goes first. Else `Permit.ask_again_in` is 0.

        Raises:
            StoreError: the limits cannot be asked now.
        """
        ...

    async def refused(self, bucket: Bucket, retry_after: float) -> None:
        """Nobody behind this limit may send for so many seconds."""
        ...


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One entry of a provider's stream: an incident (its key) that changed."""

    id: str
    incident: str


class EventStream(Protocol):
    """Committed events, each handed to one reader, and again if it does not acknowledge it."""

    async def read(self, provider: str, *, abandoned: bool = False) -> list[StreamEntry]:
        """Return what is new; `abandoned`: what other readers took and did not acknowledge."""
        ...

    async def acknowledge(self, provider: str, entries: Sequence[StreamEntry]) -> None: ...

    async def enqueue(self, subject: Incident | Blindness, *, keep: bool = False) -> int:
        """Queue every channel that may want the subject and is not up to date with it.

        Returns how many. `keep`: the records of its threads are kept for longer.
        """
        ...

    async def enqueue_escalation(self, subject: Subject, minutes: int) -> int:
        """Queue every channel that wants somebody called by then. Returns how many."""
        ...

    async def has_boards(self) -> bool:
        """Return whether any channel has a board."""
        ...

    async def enqueue_boards(self, state: BoardState) -> int:
        """Queue every channel whose board is not up to date with that state. Returns how many."""
        ...

    async def may_sweep(self, name: str, seconds: float) -> bool:
        """Return whether nobody swept within so many seconds (and then it is our turn)."""
        ...


class ReminderStore(Protocol):
    """Reminders, each kept with its destination. Every method may raise `StoreError`."""

    async def add(self, reminder: Reminder) -> tuple[Reminder, bool]:
        """Keep it as one with those of this person that share a surface (`Reminder.joined`).

        Returns what is kept, and whether that is new: else the person waits for all of it already.
        """
        ...

    async def all(self) -> list[Reminder]: ...
