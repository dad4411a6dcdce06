"""Gathers what all sources say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.catalog.names import provider_of
from bot.domain.evidence import Evidence
from bot.domain.subscription import Channel
from bot.evidence import reports, sources
from bot.evidence.stores import EvidenceStores
from bot.evidence.suspicion import Signals


@dataclass(frozen=True, slots=True)
class Collector:
    """Reads the stores. Every method may raise `StoreError`: Redis did not answer."""

    stores: EvidenceStores
    catalog: Catalog

    async def gather(self, provider: str, now: datetime) -> Signals:
        """Everything about one provider's surfaces, as it counts for everybody."""
        evidence = await self.for_channel(None, now)
        strong = reports.overwhelming(await self.stores.reports.everywhere(now))
        return Signals(
            tuple(p for p in evidence if provider_of(self.catalog, p.surface) == provider),
            {s: t for s, t in strong.items() if provider_of(self.catalog, s) == provider},
        )

    async def for_channel(self, channel: Channel | None, now: datetime) -> list[Evidence]:
        """What counts in an answer given in that channel; None: for everybody."""
        return [
            piece
            for source in sources.SOURCES
            for piece in await source.collect(self.stores, channel, now)
        ]
