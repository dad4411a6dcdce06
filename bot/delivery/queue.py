"""The delivery queue as a protocol. Redis is behind it.

An entry of the queue says only "this destination is stale about this subject". Whoever claims the
destination has it alone until the lease ends; every record and settlement names the claim, so that
a worker whose lease ended can write nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.page import Severity
from bot.domain.subscription import Channel, Pause, Reminder, Subscription, ThreadRecord


class Subject(Protocol):
    """A thing that a destination can be stale about: an incident, a reminder, a blindness."""

    @property
    def key(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes whenever a destination should be looked at again; begins with a number that
        only grows, and a colon.
        """
        ...

    @property
    def severity(self) -> Severity:
        """The worse, the sooner."""
        ...


@dataclass(frozen=True, slots=True)
class PendingThread:
    """A subject that a destination is stale about, and the record of what stands there of it."""

    subject: str  # key
    version: str  # the state that is wanted
    thread: ThreadRecord
    first: int = 0  # revision wanted when it became stale: whoever served it knew at least that
    reminder: Reminder | None = None  # the subject itself, where it is one
    entry: bytes = b""  # the store's own

    @property
    def revision(self) -> int:
        return int(self.version.partition(":")[0])


@dataclass(frozen=True, slots=True)
class Claim:
    """One destination, ours alone until the lease ends."""

    channel: Channel
    token: str
    deadline: float  # seconds of the monotonic clock
    subscription: Subscription | None  # None: nothing but reminders
    pending: tuple[PendingThread, ...]  # most urgent first
    # Messages sent since then may stand there unrecorded. None: everything sent is recorded.
    unconfirmed_since: datetime | None = None
    # The store may have lost what was written since the first moment, up to the second.
    lost: tuple[datetime, datetime] | None = None
    failures: int = 0  # in a row
    granted: bool = False  # the shared limits promised a message for a moment that has come


@dataclass(frozen=True, slots=True)
class Claims:
    """`more`: others are ready. `next_due`: seconds until the next one that waits (None: none)."""

    claims: Sequence[Claim]
    more: bool
    next_due: float | None


@dataclass(frozen=True, slots=True)
class ThreadUpdate:
    """The record that is written back about one subject."""

    pending: PendingThread
    thread: ThreadRecord
    # The subject's version that the thread is up to date with; "": look again at the next sweep.
    version: str = ""
    settled: bool = False  # nothing is missing there, as of what was wanted when claimed
    forget: bool = False  # of a reminder: it was sent, or never will be


class Outcome(StrEnum):
    HOLD = "hold"  # go on; the lease starts again
    DONE = "done"
    LATER = "later"


class Unconfirmed(StrEnum):
    """The fate of `Claim.unconfirmed_since`."""

    UNCHANGED = "unchanged"
    CLEARED = "cleared"  # the platform was searched
    SINCE_CLAIM = "since_claim"  # something sent under this claim may stand there


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of a claim, and how it goes on."""

    claim: Claim
    outcome: Outcome
    updates: Sequence[ThreadUpdate] = ()
    delay: float = 0.0  # of LATER: seconds from now
    at: float | None = None  # of LATER: the moment that the limits granted, ms of the store's clock
    unconfirmed: Unconfirmed = Unconfirmed.UNCHANGED
    failures: int | None = None  # None: as before
    pause: Pause | None = None  # None: as before
    resume: bool = False  # the channel can be written to: its pause ends


class Queue(Protocol):
    """Every method may raise `StoreError`. `lease`: seconds that a claim lasts."""

    lease: float

    async def claim(self, platform: str, count: int, *, notes_sends: bool = False) -> Claims:
        """Take up to about `count` channels.

        `notes_sends`: `sending` is called before anything is sent under these claims. One that
        ends without it leaves nothing unconfirmed.
        """
        ...

    async def sending(self, claim: Claim) -> bool:
        """Note that something is about to be sent. False: the claim is not ours any more."""
        ...

    async def thread(self, channel: Channel, subject: str) -> ThreadRecord | None:
        """Return what stands in a channel of a subject (key); None: it was never settled."""
        ...

    def settle(self, settlement: Settlement) -> asyncio.Future[bool]:
        """Record, and go on as it says. False: the claim is not ours any more.

        It is done whether or not somebody waits for it.
        """
        ...

    async def mark_stale(
        self, channel: Channel, subjects: Sequence[Subject], *, delay: float = 0.0
    ) -> None:
        """Have a channel looked at again, even if it is up to date.

        Within `delay` seconds several changes make one; what is more urgent does not wait for it.
        """
        ...

    async def silence(self, platform: str, tenant: str, reason: str) -> None:
        """Write to no channel of this tenant until `wake_tenant`; forget its people's reminders."""
        ...

    async def is_silenced(self, platform: str, tenant: str) -> bool: ...

    async def silenced(self, platform: str) -> Mapping[str, str]:
        """Return the tenants that are not written to, with the reasons."""
        ...

    async def wake(self, channel: Channel) -> None:
        """Something changed there: try at once."""
        ...

    async def wake_tenant(self, platform: str, tenant: str) -> None: ...
