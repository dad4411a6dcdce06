"""What is witnessed besides the page: the ports that keep it, and how it is gathered.

Kept in the store, so that every replica answers with the same evidence: the last looks of each
probe, the counts of the team's traffic by the minute, and who reported what (as keyed hashes,
for half an hour).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.catalog.catalog import Catalog
from bot.domain.evidence import Evidence
from bot.domain.subscription import Channel
from bot.engine.detection import Signals
from bot.evidence import probes, reports, traffic
from bot.evidence.probes import ProbeHistory, ProbeResponse, Target
from bot.evidence.reports import ReportCount
from bot.evidence.traffic import CallResult, TrafficCounts


class Probe(Protocol):
    """Looks at one target from outside."""

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
    """What a gateway or script counted about one surface (or model) since it last told."""

    surface: str
    results: Mapping[CallResult, int]


class TrafficStore(Protocol):
    async def add(self, batches: Sequence[Batch], now: datetime, key: str | None = None) -> bool:
        """Count. With a `key`, the same key within ten minutes counts once (False: it had)."""
        ...

    async def counts(self, now: datetime) -> list[TrafficCounts]:
        """What was counted within `traffic.WINDOW`, one entry a surface."""
        ...


@dataclass(frozen=True, slots=True)
class UserReport:
    """One person of a channel has trouble with one surface. `members`: the channel's size."""

    channel: Channel
    person: str
    surface: str
    members: int | None = None


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

    async def of_channel(self, channel: Channel, now: datetime) -> list[ReportCount]: ...

    async def everywhere(self, now: datetime) -> list[ReportCount]: ...


@dataclass(frozen=True, slots=True)
class Collector:
    """Gathers what the stores hold into evidence."""

    probes: ProbeStore
    traffic: TrafficStore
    reports: ReportStore
    catalog: Catalog

    async def gather(self, provider: str, now: datetime) -> Signals:
        """Everything about one provider's surfaces, as it counts for everybody.

        Raises:
            StoreError: Redis did not answer.
        """
        report_counts = await self.reports.everywhere(now)
        evidence = [*await self._measured(now), *reports.evidence(report_counts)]
        about = tuple(piece for piece in evidence if self._owner(piece.surface) == provider)
        strong = reports.overwhelming(report_counts)
        return Signals(about, {s: t for s, t in strong.items() if self._owner(s) == provider})

    def _owner(self, surface: str) -> str:
        """The provider of a surface: that of the catalog, else the one that its id names."""
        known = self.catalog.surface(surface)
        return known.provider if known else surface.partition("/")[0]

    async def for_channel(self, channel: Channel | None, now: datetime) -> list[Evidence]:
        """What counts in an answer given in that channel: everybody's, and louder its own."""
        measured = await self._measured(now)
        report_counts = await self.reports.everywhere(now)
        if channel is None:
            return [*measured, *reports.evidence(report_counts)]
        here = await self.reports.of_channel(channel, now)
        # Where only its own people spoke, it is said once: as what people here report.
        elsewhere = {
            report_count.surface
            for report_count in report_counts
            if report_count.owner != channel.owner
        }
        others = [piece for piece in reports.evidence(report_counts) if piece.surface in elsewhere]
        return [*measured, *reports.here(here, channel.owner), *others]

    async def _measured(self, now: datetime) -> list[Evidence]:
        looks = probes.evidence(await self.probes.records())
        return [*looks, *traffic.evidence(await self.traffic.counts(now))]
