"""Stores of evidence, as ports.

In the store, so that every replica answers with the same evidence: the last results of each
probe, the counts of the team's traffic by the minute, and who reported what (as keyed hashes,
for half an hour).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.catalog.targets import Target
from bot.domain.subscription import Channel
from bot.evidence.elsewhere import Reading
from bot.evidence.probes import ProbeHistory, ProbeResponse
from bot.evidence.reports import ReportCount
from bot.evidence.traffic import CallResult, TrafficCounts


class Probe(Protocol):
    """Asks one target from outside."""

    async def look(self, target: Target) -> ProbeResponse:
        """Look once. Never raises for what the other side does: that is what is looked for."""
        ...


class ProbeStore(Protocol):
    """The last looks of each target, and what real generations may still be spent today."""

    async def records(self) -> list[ProbeHistory]: ...

    async def keep(self, records: Sequence[ProbeHistory]) -> None:
        """Write them under their targets' names.

        Raises:
            StoreError: Redis did not answer (as from every method here).
        """
        ...

    async def forget(self) -> None:
        """Nothing is known any more: what was seen last was seen through a network that fails."""
        ...

    async def spend(self, day: str, limit: int) -> bool:
        """Count one generation of that day BEFORE it is sent; False: `limit` is reached.

        Counted for all replicas together. What is counted and then not sent stays counted, so
        that a crash, a lost answer or a repetition can only make it fewer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Counts of a gateway or script about one surface (or model) since it last told."""

    surface: str
    results: Mapping[CallResult, int]


class TrafficStore(Protocol):
    async def add(self, batches: Sequence[Batch], now: datetime, key: str | None = None) -> bool:
        """Count. With a `key`, the same key within ten minutes counts once (False: it had)."""
        ...

    async def counts(self, now: datetime) -> list[TrafficCounts]:
        """Return the counts within `traffic.WINDOW`, one entry a surface."""
        ...


@dataclass(frozen=True, slots=True)
class UserReport:
    """One person of a channel has trouble with one surface."""

    channel: Channel
    person: str
    surface: str
    members: int | None = None  # of the channel, if known
    subscribed_at: datetime | None = None  # since when the channel is subscribed; None: it is not


@runtime_checkable
class ChannelSize(Protocol):
    """A messenger that can tell how many people a channel has."""

    async def members(self, channel: Channel) -> int | None:
        """None: it is not known.

        Raises:
            DeliveryError: the platform did not say.
        """
        ...


class ReportStore(Protocol):
    async def add(self, voice: UserReport, now: datetime) -> bool:
        """Hear it. False: this person had said so within the window (it counts from now)."""
        ...

    async def withdraw(self, voice: UserReport) -> None:
        """It works again for this person."""
        ...

    async def of_channel(
        self, channel: Channel, now: datetime, *, but: str | None = None
    ) -> list[ReportCount]:
        """One entry a surface; `but`: without this person."""
        ...

    async def everywhere(self, now: datetime) -> list[ReportCount]:
        """Of all channels. A person who reports in several counts in the one subscribed longest."""
        ...


class CrowdStore(Protocol):
    """The last readings of each source elsewhere; they lose weight by their age."""

    async def keep(self, source: str, counts: Sequence[Reading]) -> None:
        """Put them in place of what this source said before.

        Raises:
            StoreError: Redis did not answer (as from both methods here).
        """
        ...

    async def counts(self) -> list[Reading]: ...


@dataclass(frozen=True, slots=True)
class EvidenceStores:
    """The stores that the sources read."""

    probes: ProbeStore
    traffic: TrafficStore
    reports: ReportStore
    crowd: CrowdStore
