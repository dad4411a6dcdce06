"""Gathers what all sources say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.catalog.names import provider_of
from bot.domain.evidence import Evidence, Source
from bot.evidence import reports, sources
from bot.evidence.reports import ReportCount
from bot.evidence.sources import Collected
from bot.evidence.stores import EvidenceStores
from bot.evidence.suspicion import Reported, Signals, case_against


def local_suspicions(
    evidence: Iterable[Evidence], report_counts: Iterable[ReportCount], now: datetime
) -> dict[str, tuple[str, ...]]:
    """Return surface → tenants for whom their own people's reports, with the rest, suffice."""
    counts = list(report_counts)
    rest = [piece for piece in evidence if piece.source != Source.REPORTS]
    found: dict[str, tuple[str, ...]] = {}
    for owner in sorted({count.owner for count in counts}):
        for piece in reports.here(counts, owner):
            if case_against(piece.surface, [*rest, piece], now).opens:
                found[piece.surface] = (*found.get(piece.surface, ()), owner)
    return found


def people_of(report_counts: Iterable[ReportCount]) -> dict[str, Reported]:
    """Return surface → how many people report it, each counted once, and since when."""
    found: dict[str, Reported] = {}
    for count in report_counts:
        before = found.get(count.surface, Reported(0, count.first))
        people = before.people + count.people - count.elsewhere
        found[count.surface] = Reported(people, min(before.first, count.first))
    return found


@dataclass(frozen=True, slots=True)
class Collector:
    """Reads the stores. Every method may raise `StoreError`: Redis did not answer."""

    stores: EvidenceStores
    catalog: Catalog

    async def gather(self, provider: str, now: datetime) -> Signals:
        """Everything about one provider's surfaces, as it counts for everybody."""
        evidence = [
            piece
            for piece in (await self.collect(now))(None)
            if provider_of(self.catalog, piece.surface) == provider
        ]
        reported = [
            count
            for count in await self.stores.reports.everywhere(now)
            if provider_of(self.catalog, count.surface) == provider
        ]
        local = local_suspicions(evidence, reported, now)
        return Signals(tuple(evidence), local, people_of(reported))

    async def collect(self, now: datetime) -> Collected:
        """Read what counts in an answer in a channel, whichever that is; None: for everybody."""
        collected = [await source.collect(self.stores, now) for source in sources.SOURCES]
        return lambda channel: [piece for one in collected for piece in one(channel)]
