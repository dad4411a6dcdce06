"""Gathers what all sources say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.catalog.names import provider_of
from bot.domain.evidence import Evidence, Source
from bot.domain.subscription import Channel
from bot.evidence import reports, sources
from bot.evidence.reports import ReportCount
from bot.evidence.stores import EvidenceStores
from bot.evidence.suspicion import Signals, case_against


def local_suspicions(
    evidence: Iterable[Evidence], report_counts: Iterable[ReportCount], now: datetime
) -> dict[str, tuple[str, ...]]:
    """Return surface → tenants for whom their own people's reports, with the rest, suffice."""
    counts = list(report_counts)
    rest = [piece for piece in evidence if piece.source != Source.REPORTS]
    found: dict[str, tuple[str, ...]] = {}
    for owner in sorted({count.owner for count in counts}):
        for piece in reports.here(counts, owner):
            if case_against(piece.surface, [*rest, piece], now).suspected:
                found[piece.surface] = (*found.get(piece.surface, ()), owner)
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
            for piece in await self.for_channel(None, now)
            if provider_of(self.catalog, piece.surface) == provider
        ]
        reported = [
            count
            for count in await self.stores.reports.everywhere(now)
            if provider_of(self.catalog, count.surface) == provider
        ]
        return Signals(tuple(evidence), local_suspicions(evidence, reported, now))

    async def for_channel(self, channel: Channel | None, now: datetime) -> list[Evidence]:
        """What counts in an answer given in that channel; None: for everybody."""
        return [
            piece
            for source in sources.SOURCES
            for piece in await source.collect(self.stores, channel, now)
        ]
