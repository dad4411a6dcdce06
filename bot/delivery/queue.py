"""What the courier needs from the store: claims, settlements, limits. Redis is behind it.

An entry of the queue says only "this channel is behind with these incidents". Whoever claims the
channel has it alone until the lease ends; every record and settlement names the claim, so that
a courier which slept through its lease can write nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from zlib import crc32

from bot.domain.incident import Incident
from bot.domain.subscription import Channel, Pause, Subscription, ThreadRecord
from bot.ports import Bucket


def version_of(incident: Incident) -> str:
    """Name the state of an incident that a thread may be up to date with.

    Not its revision alone: after a lost second the same number may stand for other news.
    """
    last = incident.events[-1].key if incident.events else ""
    return f"{incident.revision}:{crc32(last.encode()):08x}"


@dataclass(frozen=True, slots=True)
class PendingThread:
    """An incident (its key) that a channel is behind with, and what stands there of it.

    `mark` is the state that is wanted, `first` the revision that was wanted when the channel fell
    behind: whoever served it since then knew at least that. `entry` is the store's own note.
    """

    incident: str
    version: str
    thread: ThreadRecord
    first: int = 0
    entry: bytes = b""

    @property
    def revision(self) -> int:
        return int(self.version.partition(":")[0])


@dataclass(frozen=True, slots=True)
class Claim:
    """One channel, ours until `deadline` (seconds of the monotonic clock). Most urgent first.

    `doubt`: messages sent since then may stand there unrecorded. `lost`: the store may have
    lost what was written since the first moment, up to the second. `granted`: the shared limits
    were asked before, and named a time that has come.
    """

    channel: Channel
    token: str
    deadline: float
    subscription: Subscription
    wanted: tuple[PendingThread, ...]
    doubt: datetime | None = None
    lost: tuple[datetime, datetime] | None = None
    failures: int = 0
    granted: bool = False


@dataclass(frozen=True, slots=True)
class Claims:
    """`more`: others are ready. `next_due`: seconds until the next one that waits (None: none)."""

    claims: Sequence[Claim]
    more: bool
    next_due: float | None


@dataclass(frozen=True, slots=True)
class ThreadUpdate:
    """A thread as it stands now. `incident` None: it is not known (any more), nothing to do."""

    wanted: PendingThread
    thread: ThreadRecord
    incident: Incident | None
    settled: bool  # nothing is missing there, as of what was wanted when claimed


class Outcome(StrEnum):
    HOLD = "hold"  # go on; the lease starts again
    DONE = "done"
    LATER = "later"


class Unconfirmed(StrEnum):
    AS_BEFORE = "as before"
    CLEARED = "cleared"  # we looked
    BEGUN = "begun"  # something we sent under this claim may stand there


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was done under a claim, and how it goes on.

    `delay` in seconds from now, or `at` a moment that the limits granted (ms of the store's
    clock). `failures` and `pause` None: as before. `unpause`: the channel can be written to.
    """

    claim: Claim
    outcome: Outcome
    records: Sequence[ThreadUpdate] = ()
    delay: float = 0.0
    at: float | None = None
    doubt: Unconfirmed = Unconfirmed.AS_BEFORE
    failures: int | None = None
    pause: Pause | None = None
    unpause: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """A message may go now, or (`at`, ms of the store's clock) then, without asking again."""

    at: float | None = None


class Queue(Protocol):
    """Every method may raise `StoreError`. `lease`: seconds that a claim lasts."""

    lease: float

    async def claim(self, platform: str, count: int) -> Claims:
        """Take up to about `count` channels."""
        ...

    async def settle(self, settlement: Settlement) -> bool:
        """Record, and go on as it says. False: the claim is not ours any more."""
        ...

    async def silence(self, platform: str, tenant: str, reason: str) -> None:
        """Write to no channel of this tenant until `wake_tenant`."""
        ...

    async def wake(self, channel: Channel) -> None:
        """Something changed there: try at once."""
        ...

    async def wake_tenant(self, platform: str, tenant: str) -> None: ...


class RateLimiter(Protocol):
    """Limits shared with all replicas."""

    async def ask(self, buckets: Sequence[Bucket], *, granted: bool = False) -> Permit:
        """May one message go? `granted`: it was promised for now, unless a refusal came since.

        Raises:
            StoreError: the limits cannot be asked now.
        """
        ...

    async def refused(self, bucket: Bucket, retry_after: float) -> None:
        """Nobody behind this limit may send for so many seconds."""
        ...


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One entry of a provider's news: an incident (its key) that changed."""

    id: str
    incident: str


class EventStream(Protocol):
    """News as committed, each handed to one reader, and again if it does not acknowledge it."""

    async def read(self, provider: str, *, abandoned: bool = False) -> list[StreamEntry]:
        """Return what is new; `abandoned`: what other readers took and left."""
        ...

    async def done(self, provider: str, entries: Sequence[StreamEntry]) -> None: ...

    async def enqueue(self, incident: Incident, *, keep: bool = False) -> int:
        """Say of every channel that may want it, and is not up to date, that it is behind.

        Returns how many. `keep`: what is remembered of its threads is kept for longer.
        """
        ...

    async def may_sweep(self, provider: str, seconds: float) -> bool:
        """Return whether nobody swept within so many seconds (and then it is our turn)."""
        ...
