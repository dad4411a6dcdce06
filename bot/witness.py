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

from bot.catalog import Catalog
from bot.engine.evidence import probing, reports, traffic
from bot.engine.evidence.probing import Record, Seen, Target
from bot.engine.evidence.reports import Tally
from bot.engine.evidence.traffic import Counts, Result
from bot.engine.suspect import Witnessed
from bot.model import Channel, Evidence


class Probe(Protocol):
    """Looks at one target from outside."""

    async def look(self, target: Target) -> Seen:
        """Look once. Never raises for what the other side does: that is what is looked for."""
        ...


class ProbeStore(Protocol):
    """The last looks of each target, and what real generations may still be spent today."""

    async def records(self) -> list[Record]: ...

    async def keep(self, records: Sequence[Record]) -> None:
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
    results: Mapping[Result, int]


class TrafficStore(Protocol):
    async def add(self, batches: Sequence[Batch], now: datetime, key: str | None = None) -> bool:
        """Count. With a `key`, the same key within ten minutes counts once (False: it had)."""
        ...

    async def counts(self, now: datetime) -> list[Counts]:
        """What was counted within `traffic.WINDOW`, one entry a surface."""
        ...


@dataclass(frozen=True, slots=True)
class Voice:
    """One person of a channel has trouble with one surface. `members`: the channel's size."""

    channel: Channel
    person: str
    surface: str
    members: int | None = None


@runtime_checkable
class Crowd(Protocol):
    """A messenger that can tell how many people a channel has."""

    async def members(self, channel: Channel) -> int | None:
        """None: it is not known.

        Raises:
            DeliveryError: the platform did not say.
        """
        ...


class ReportStore(Protocol):
    async def add(self, voice: Voice, now: datetime) -> bool:
        """Hear it. False: this person had said so within the window (it counts from now)."""
        ...

    async def withdraw(self, voice: Voice) -> None:
        """It works again for this person."""
        ...

    async def of_channel(self, channel: Channel, now: datetime) -> list[Tally]: ...

    async def everywhere(self, now: datetime) -> list[Tally]: ...


@dataclass(frozen=True, slots=True)
class Witness:
    """Gathers what the stores hold into evidence."""

    probes: ProbeStore
    traffic: TrafficStore
    reports: ReportStore
    catalog: Catalog

    async def gather(self, provider: str, now: datetime) -> Witnessed:
        """Everything about one provider's surfaces, as it counts for everybody.

        Raises:
            StoreError: Redis did not answer.
        """
        tallies = await self.reports.everywhere(now)
        evidence = [*await self._measured(now), *reports.evidence(tallies)]
        about = tuple(piece for piece in evidence if self._owner(piece.surface) == provider)
        strong = reports.overwhelming(tallies)
        return Witnessed(about, {s: t for s, t in strong.items() if self._owner(s) == provider})

    def _owner(self, surface: str) -> str:
        """The provider of a surface: that of the catalog, else the one that its id names."""
        known = self.catalog.surface(surface)
        return known.provider if known else surface.partition("/")[0]

    async def for_channel(self, channel: Channel | None, now: datetime) -> list[Evidence]:
        """What counts in an answer given in that channel: everybody's, and louder its own."""
        measured = await self._measured(now)
        tallies = await self.reports.everywhere(now)
        if channel is None:
            return [*measured, *reports.evidence(tallies)]
        here = await self.reports.of_channel(channel, now)
        # Where only its own people spoke, it is said once: as what people here report.
        elsewhere = {tally.surface for tally in tallies if tally.owner != channel.owner}
        others = [piece for piece in reports.evidence(tallies) if piece.surface in elsewhere]
        return [*measured, *reports.here(here, channel.owner), *others]

    async def _measured(self, now: datetime) -> list[Evidence]:
        looks = probing.evidence(await self.probes.records())
        return [*looks, *traffic.evidence(await self.traffic.counts(now))]
